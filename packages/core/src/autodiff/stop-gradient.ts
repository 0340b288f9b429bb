import type { Params } from '../contracts.ts'
import { handle } from '../tensor.ts'
import { mapTree } from '../tree.ts'
import { isolated } from './isolated.ts'

/** The same values, constant to every gradient taken around it: handles that the tape has no record of. */
export const stopGradient = <P extends Params>(params: P): P => isolated(() => mapTree(handle, params)) as P
