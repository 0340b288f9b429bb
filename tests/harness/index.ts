export { equal, is, near, not, ok, rejects, throws, unreachable } from './assert.ts'
export { allocates, useTestBackend } from './backend.ts'
export { suite } from './suite.ts'
export type { Suite } from './suite.ts'
