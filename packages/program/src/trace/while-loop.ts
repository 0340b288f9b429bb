import type { WhileFunctions } from '@diffeo/core'
import { reshape } from '@tensorflow/tfjs-core'
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import type { Program } from '../program.ts'
import { record } from './record.ts'
import { currentRecorder, tracerOf, valueOf } from './tracers.ts'

const subject = { name: 'whileLoop', advice: 'give it to the loop among consts' }

/** Records a while loop as one node. */
export const recordWhile = ({ cond, body, carries }: WhileFunctions, inputs: ReadonlyArray<TensorInfo>): ReadonlyArray<TensorInfo> => {
  const recorder = currentRecorder()
  const values = inputs.map(x => valueOf(recorder, x, 'whileLoop'))
  const types = values.map(value => recorder.b.typeOf(value))
  const recorded = (f: (inputs: ReadonlyArray<Tensor>) => ReadonlyArray<Tensor>): Program =>
    record(subject, input => [...f(types.map((type, i) => input(type, i < carries ? `carry${i}` : `const${i - carries}`)))])
  const loop = { op: 'while', cond: recorded(from => [reshape(cond(from), [])]), body: recorded(body), carries } as const
  return recorder.b.nodes(loop, values).map(value => tracerOf(recorder, value, 'whileLoop'))
}
