import { get, local, seq, set, share, when } from '../asm/control.ts'
import { bump, countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { kernelOf } from './kernel.ts'
import { at, least, storeLanes, transpose4 } from './parts.ts'

/** `transpose(from, to, batch, rows, columns)`: [batch, rows, columns] to [batch, columns, rows], in blocks of 4 x 4. */
export const transposeKernel: Kernel = kernelOf(
  'transpose',
  ['from', 'to', 'batch', 'rows', 'columns'],
  ({ from, to, batch, rows, columns }) => {
    const [b, i, j] = [local('i32', 'b'), local('i32', 'i'), local('i32', 'j')]
    const sources = [0, 1, 2, 3].map(() => local('i32', 'source'))
    const results = [0, 1, 2, 3].map(() => local('v128', 'result'))
    const left = local('i32', 'left')
    const lines = sources.map(p => v128.load(at(get(p), i32.shl(get(j), 2)))) as [Vec, Vec, Vec, Vec] // four sources
    const target = (l: number): ReturnType<typeof at> => at(get(to), i32.shl(i32.add(i32.mul(i32.add(get(j), l), get(rows)), get(i)), 2))
    const block = seq(
      ...transpose4(lines).map((column, l) => set(results[l]!, column)),
      ...results.map((result, l) => when(i32.ltU(i32.add(get(j), l), get(columns)), storeLanes(target(l), get(result), get(left)))),
    )
    const row = (l: number): ReturnType<typeof least> => least(i32.add(get(i), l), i32.sub(get(rows), 1))
    const band = seq(
      ...sources.map((p, l) => set(p, at(get(from), i32.shl(i32.mul(row(l), get(columns)), 2)))),
      set(left, i32.sub(get(rows), get(i))),
      set(j, 0),
      countUp(j, get(columns), 4, block),
    )
    const bytes = share(i32.shl(i32.mul(get(rows), get(columns)), 2))
    return seq(set(b, 0), countUp(b, get(batch), 1, seq(set(i, 0), countUp(i, get(rows), 4, band), bump(from, bytes), bump(to, bytes))))
  },
)
