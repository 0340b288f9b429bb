import { get, invoke, seq } from '../asm/control.ts'
import { i32 } from '../asm/scalar.ts'
import { kernelOf } from '../kernels/kernel.ts'
import { at } from '../kernels/parts.ts'
import { bitsKernel, normalKernel, threefryBlocksKernel, uniformKernel } from '../kernels/threefry.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { sizeOf } from './custom.ts'
import type { CustomPlan, Emitter } from './custom.ts'

interface Attributes {
  readonly count: number
  readonly data: number
  readonly low: number
  readonly high: number
}
const given = (attrs: unknown): Attributes => attrs as Attributes // each op reads its own

const plan = (kernel: Kernel, ...rest: ReadonlyArray<number>): CustomPlan => ({
  kernel,
  scratch: 0,
  arguments: ({ inputs, outputs }) => [...inputs, ...outputs, ...rest],
})

/** The bits of a float32 as an int32. */
const bitsOf = (x: number): number => new Int32Array(Float32Array.of(x).buffer)[0]!

/** `uniform(key, to, count, low, width, scratch)`: as `uniformKernel`, the bounds given as the bits of float32 numbers. */
const uniformByBits: Kernel = kernelOf(
  'uniform by bits',
  ['key', 'to', 'count', 'low', 'width', 'scratch'],
  ({ key, to, count, low, width, scratch }) =>
    seq(
      i32.store(get(scratch), get(low)),
      i32.store(get(scratch), get(width), 4),
      invoke(uniformKernel.func(), get(key), get(to), get(count), get(scratch), at(get(scratch), 4)),
    ),
)

/** Emitters of core's functions of traced keys: each takes a key, int32 [2]. */
export const randomEmitters: Readonly<Record<string, Emitter>> = {
  threefrySplit: (_, { attrs }) => plan(threefryBlocksKernel, 0, given(attrs).count),
  threefryFoldIn: (_, { attrs }) => plan(threefryBlocksKernel, given(attrs).data | 0, 1),
  threefryBits: (_, { attrs }) => plan(bitsKernel, given(attrs).count),
  normal: (ar, { outputs }) => plan(normalKernel(ar), sizeOf(outputs[0]!.shape)),
  uniform: (_, { attrs, outputs }) => {
    const [low, high] = [Math.fround(given(attrs).low), Math.fround(given(attrs).high)]
    return {
      kernel: uniformByBits,
      scratch: 16,
      arguments: at => [...at.inputs, ...at.outputs, sizeOf(outputs[0]!.shape), bitsOf(low), bitsOf(Math.fround(high - low)), at.scratch],
    }
  },
}
