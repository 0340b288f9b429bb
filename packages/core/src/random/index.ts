export { normalArray, randintArray, uniformArray } from './arrays.ts'
export { bits, foldIn, key, split } from './key.ts'
export { permutation } from './permutation.ts'
export { normal, randint, uniform } from './sample.ts'
