import type { Primitive, Type } from '../program.ts'
import { sizeOf, stridesOf } from '../shape.ts'
import type { Numbers } from './numbers.ts'
import { walk } from './strided.ts'

type Of<Op extends Primitive['op']> = Extract<Primitive, { readonly op: Op }>

const larger = (a: number, x: number): number => (x > a || Number.isNaN(x) ? x : a)
const smaller = (a: number, x: number): number => (x < a || Number.isNaN(x) ? x : a)

const folds: Readonly<Record<Of<'reduce'>['kind'], { readonly start: number; readonly step: (a: number, x: number) => number }>> = {
  sum: { start: 0, step: (a, x) => a + x },
  prod: { start: 1, step: (a, x) => a * x },
  max: { start: -Infinity, step: larger },
  min: { start: Infinity, step: smaller },
  any: { start: 0, step: (a, x) => a | x },
  all: { start: 1, step: (a, x) => a & x },
}

/** Products of integers keep their low 32 bits. */
const foldOf = (kind: Of<'reduce'>['kind'], type: Type): { readonly start: number; readonly step: (a: number, x: number) => number } =>
  kind === 'prod' && type.dtype === 'int32' ? { start: 1, step: Math.imul } : folds[kind]

/** A reduction, accumulated in float64. */
export const reduce = ({ kind, axes }: Of<'reduce'>, x: Numbers, type: Type, out: Numbers): void => {
  const kept = type.shape.filter((_, i) => !axes.includes(i))
  const keptStrides = stridesOf(kept)
  let next = 0
  const steps = type.shape.map((_, i) => (axes.includes(i) ? 0 : keptStrides[next++]!))
  const { start, step } = foldOf(kind, type)
  const sums = new Float64Array(out.length).fill(start)
  walk(type.shape, steps, 0, (i, place) => void (sums[place] = step(sums[place]!, x[i]!)))
  out.set(sums)
}

/** Runs of one axis: how many, how long, how far apart. */
const runs = ({ shape }: Type, axis: number): { readonly outer: number; readonly size: number; readonly inner: number } => ({
  outer: sizeOf(shape.slice(0, axis)),
  size: shape[axis]!,
  inner: sizeOf(shape.slice(axis + 1)),
})

/** The first place of the largest or smallest value along an axis; NaN is never larger nor smaller. */
export const arg = ({ kind, axis }: Of<'arg'>, x: Numbers, type: Type, out: Numbers): void => {
  const { outer, size, inner } = runs(type, axis)
  const better = kind === 'max' ? (a: number, b: number): boolean => a > b : (a: number, b: number): boolean => a < b
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const at = (j: number): number => x[(o * size + j) * inner + i]!
      let best = 0
      for (let j = 1; j < size; j++) if (better(at(j), at(best))) best = j
      out[o * inner + i] = best
    }
}

/** Sums or products of all values up to each, along an axis. */
export const cumulative = ({ kind, axis, exclusive, reverse }: Of<'cumulative'>, x: Numbers, type: Type, out: Numbers): void => {
  const { outer, size, inner } = runs(type, axis)
  const { start, step } = foldOf(kind, type)
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      let sum = start
      for (let j = 0; j < size; j++) {
        const place = (o * size + (reverse ? size - 1 - j : j)) * inner + i
        const through = step(sum, x[place]!)
        out[place] = exclusive ? sum : through
        sum = through
      }
    }
}

/** Products of matrices over equal batch axes, accumulated in float64. */
export const matmul = (
  { transposeA, transposeB }: Of<'matmul'>,
  [a, b]: readonly [Numbers, Numbers],
  [typeA, typeB]: readonly [Type, Type],
  out: Numbers,
): void => {
  const batch = sizeOf(typeA.shape.slice(0, -2))
  const size = ({ shape }: Type, fromEnd: number): number => shape.at(-fromEnd)!
  const [m, k] = transposeA ? [size(typeA, 1), size(typeA, 2)] : [size(typeA, 2), size(typeA, 1)]
  const n = size(typeB, transposeB ? 2 : 1)
  const row = new Float64Array(n)
  for (let g = 0; g < batch; g++)
    for (let i = 0; i < m; i++) {
      row.fill(0)
      for (let l = 0; l < k; l++) {
        const left = a[g * m * k + (transposeA ? l * m + i : i * k + l)]!
        const [from, step] = transposeB ? [g * k * n + l, k] : [g * k * n + l * n, 1]
        for (let j = 0; j < n; j++) row[j]! += left * b[from + j * step]!
      }
      out.set(row, (g * m + i) * n)
    }
}
