export { readFileBounded } from './read-file-bounded.ts'
export { removeOrphans, writeFileAtomic } from './write-file-atomic.ts'
