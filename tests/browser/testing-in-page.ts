/* What stands for @diffeo/testing in a page: the assertions, without the runner, which is Node's. */
export * from '../harness/assert.ts'
export { allocates, useTestBackend } from '../harness/backend.ts'
