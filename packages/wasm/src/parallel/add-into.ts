import { get, local, seq, set } from '../asm/control.ts'
import { bump, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import { kernelOf } from '../kernels/kernel.ts'
import type { Kernel } from '../runtime/runtime.ts'

/** `addInto(sums, more, bytes)`: adds the float32 numbers at `more` to those at `sums`; `bytes` is a multiple of 16. */
export const addInto: Kernel = kernelOf('addInto', ['sums', 'more', 'bytes'], ({ sums, more, bytes }) => {
  const end = local('i32', 'end')
  return seq(
    set(end, i32.add(get(sums), get(bytes))),
    whileTrue(
      () => i32.ltU(get(sums), get(end)),
      seq(v128.store(get(sums), f32x4.add(v128.load(get(sums)), v128.load(get(more)))), bump(sums, 16), bump(more, 16)),
    ),
  )
})
