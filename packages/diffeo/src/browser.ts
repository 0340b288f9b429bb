/* In a page nothing is started before it is asked for: `useBackend`, `fit` and `loadModel` do, and bundlers need no top-level await. */
import './backend/register.ts'

export * from './exports.ts'
