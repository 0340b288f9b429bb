import type { Stmt } from '../asm/code.ts'
import { get, local, seq, set, share } from '../asm/control.ts'
import { bump, countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { exp } from '../math/exponential.ts'
import { log } from '../math/logarithm.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { accumulator } from './accumulate.ts'
import { kernelOf } from './kernel.ts'
import { at, firstLanes, storeLanes } from './parts.ts'

/**
 * `softmax(from, to, rows, size)` along the last axis of [rows, size], in one pass over the rows: e^(x - max) / sum, or its logarithm, or
 * logSumExp [rows] alone. An infinite maximum is not subtracted: logSumExp of -Infinity throughout is -Infinity.
 */
export const softmaxKernel = (ar: Arithmetic, kind: 'softmax' | 'logSoftmax' | 'logSumExp'): Kernel =>
  kernelOf(`${kind} ${ar.name}`, ['from', 'to', 'rows', 'size'], ({ from, to, rows, size }) => {
    const [i, j] = [local('i32', 'i'), local('i32', 'j')]
    const [shift, scale] = [local('v128', 'shift'), local('v128', 'scale')]
    const [largest, sum] = [accumulator('max', 'float32'), accumulator('sum', 'float32')]
    const bytes = i32.shl(get(size), 2)
    const left = i32.sub(get(size), get(j))
    const x = (): Vec => v128.load(at(get(from), i32.shl(get(j), 2)))
    const kept = (value: Vec, instead: number): Vec => v128.bitselect(value, f32x4.const(instead), firstLanes(left))
    const store = (value: Vec): Stmt => storeLanes(at(get(to), i32.shl(get(j), 2)), value, left)
    const each = (body: Stmt): Stmt => seq(set(j, 0), countUp(j, get(size), 4, body))
    const power = (): Vec => share(exp(ar, f32x4.sub(x(), get(shift))))
    const top = share(largest.all())
    const row = seq(
      largest.start(),
      each(largest.add(kept(x(), -Infinity))),
      set(shift, v128.and(top, f32x4.lt(f32x4.abs(top), f32x4.const(Infinity)))),
      sum.start(),
      each(kind === 'softmax' ? keep(power(), value => seq(sum.add(kept(value, 0)), store(value))) : sum.add(kept(power(), 0))),
      ...(kind === 'softmax'
        ? [set(scale, sum.all()), each(store(f32x4.div(v128.load(at(get(to), i32.shl(get(j), 2))), get(scale))))]
        : [set(scale, f32x4.add(get(shift), log(ar, sum.all())))]),
      ...(kind === 'logSoftmax' ? [each(store(f32x4.sub(x(), get(scale))))] : []),
      ...(kind === 'logSumExp' ? [v128.store32Lane(get(to), get(scale), 0)] : []),
      bump(from, bytes),
      bump(to, kind === 'logSumExp' ? 4 : bytes),
    )
    return seq(set(i, 0), countUp(i, get(rows), 1, row))
  })

const keep = (value: Vec, body: (value: Vec) => Stmt): Stmt => {
  const kept = local('v128', 'kept')
  return seq(set(kept, value), body(get(kept)))
}
