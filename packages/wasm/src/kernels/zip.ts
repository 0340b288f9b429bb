import { get, local, seq, set, share } from '../asm/control.ts'
import { bump, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { shuffle32, v128 } from '../asm/simd.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { kernelOf } from './kernel.ts'
import { at } from './parts.ts'

/** `zip(a, b, to, count)`: a[0], b[0], a[1], b[1], ... */
export const zipKernel: Kernel = kernelOf('zip', ['a', 'b', 'to', 'count'], ({ a, b, to, count }) => {
  const end = local('i32', 'end')
  const four = (): ReturnType<typeof seq> => {
    const [x, y] = [share(v128.load(get(a))), share(v128.load(get(b)))]
    return seq(
      v128.store(get(to), shuffle32(x, y, [0, 4, 1, 5])),
      v128.store(get(to), shuffle32(x, y, [2, 6, 3, 7]), 16),
      ...[a, b].map(p => bump(p, 16)),
      bump(to, 32),
    )
  }
  const one = seq(
    i32.store(get(to), i32.load(get(a))),
    i32.store(get(to), i32.load(get(b)), 4),
    ...[a, b].map(p => bump(p, 4)),
    bump(to, 8),
  )
  return seq(
    set(end, at(get(a), i32.shl(get(count), 2))),
    whileTrue(() => i32.leU(i32.add(get(a), 16), get(end)), four()),
    whileTrue(() => i32.ltU(get(a), get(end)), one),
  )
})
