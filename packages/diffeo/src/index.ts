/* In Node a backend runs once the import is done. */
import './backend/start.ts'

export * from './exports.ts'
