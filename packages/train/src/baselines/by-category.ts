import { foldIn, split, uniformArray } from '@diffeo/core'
import type { Key } from '@diffeo/core'
import { joinColumns, matrix, selectRows } from '../matrix.ts'
import type { Matrix } from '../matrix.ts'
import type { Baseline, FitBaseline } from './baseline.ts'

/** A column of codes 0 to count - 1. */
export interface CodeColumn {
  readonly column: number
  readonly count: number
}

/**
 * A baseline of rows with categories among their columns: p(c) p(x | c). The weights are the shares of the training rows, with one row more that is
 * spread as if the columns were independent; the numbers have a baseline for each combination of categories that has rows enough, and one of all
 * rows for the others. The weights do not read given columns.
 *
 * @param fitBaseline of the numbers
 * @param codes       the columns of categories; at least one other column
 * @throws RangeError as fitBaseline does
 */
export const byCategory =
  (fitBaseline: FitBaseline, codes: ReadonlyArray<CodeColumn>): FitBaseline =>
  (train, validation, options) => {
    const parts = partsFor(train.columns, codes)
    const [groups, held] = [groupsOf(parts.codesIn(train)), groupsOf(parts.codesIn(validation))]
    const least = Math.max(20, 4 * (parts.numbers.length + (options.given?.train.columns ?? 0) + 1))
    const fitted = (source: Key, rows: ArrayLike<number>, heldRows: ArrayLike<number>): Baseline =>
      fitBaseline(parts.numbersIn(selectRows(train, rows)), parts.numbersIn(selectRows(validation, heldRows)), {
        key: source,
        given: options.given && {
          train: selectRows(options.given.train, rows),
          validation: selectRows(options.given.validation, heldRows),
        },
      })
    const all = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i)
    const pooled = fitted(foldIn(options.key, 0), all(train.rows), all(validation.rows))
    const enough = [...groups].filter(([code, rows]) => rows.length >= least && (held.get(code)?.length ?? 0) >= 2)
    const own = new Map(enough.map(([code, rows], i) => [code, fitted(foldIn(options.key, i + 1), rows, held.get(code)!)]))
    const logWeight = logWeightOf(parts.codesIn(train), groups, codes)
    return {
      name: pooled.name,
      detail: own.size === 0 ? `${pooled.detail}, of all categories` : `for each of ${own.size} categories`,
      logProb: (rows, given) => {
        const out = new Float64Array(rows.rows)
        const numbers = parts.numbersIn(rows)
        for (const [code, at] of groupsOf(parts.codesIn(rows))) {
          const rest = given === undefined || given.rows === 1 ? given : selectRows(given, at)
          const scored = (own.get(code) ?? pooled).logProb(selectRows(numbers, at), rest)
          at.forEach((row, i) => (out[row] = logWeight(code) + scored[i]!))
        }
        return out
      },
      sample: (source, n, given) => {
        const [which, numbers] = split(source)
        const uniforms = uniformArray(which!, n)
        const trained = parts.codesIn(train)
        const drawn = Array.from(uniforms, u => trained[Math.min(train.rows - 1, Math.floor(u * train.rows))]!)
        const values = new Float64Array(n * train.columns)
        const samples = [...groupsOf(drawn)].map(([code, at], i) => {
          const rest = given === undefined || given.rows === 1 ? given : selectRows(given, at)
          return { code, at, rows: (own.get(code) ?? pooled).sample(foldIn(numbers!, i), at.length, rest) }
        })
        for (const { code, at, rows } of samples) {
          const labels = code.split(' ').map(Number)
          at.forEach((row, i) => {
            codes.forEach(({ column }, j) => (values[row * train.columns + column] = labels[j]!))
            parts.numbers.forEach((column, j) => (values[row * train.columns + column] = rows.values[i * rows.columns + j]!))
          })
        }
        return matrix(n, train.columns, values)
      },
    }
  }

/** The codes of rows, each a text, and the other columns. */
interface Parts {
  readonly numbers: ReadonlyArray<number>
  readonly codesIn: (rows: Matrix) => ReadonlyArray<string>
  readonly numbersIn: (rows: Matrix) => Matrix
}

const partsFor = (columns: number, codes: ReadonlyArray<CodeColumn>): Parts => {
  const numbers = Array.from({ length: columns }, (_, j) => j).filter(j => !codes.some(({ column }) => column === j))
  const at = (rows: Matrix, i: number, j: number): number => rows.values[i * rows.columns + j]!
  return {
    numbers,
    codesIn: rows => Array.from({ length: rows.rows }, (_, i) => codes.map(({ column }) => at(rows, i, column)).join(' ')),
    numbersIn: rows =>
      numbers
        .map(j =>
          matrix(
            rows.rows,
            1,
            Float64Array.from({ length: rows.rows }, (_, i) => at(rows, i, j)),
          ),
        )
        .reduce((left, right) => joinColumns(left, right)),
  }
}

const groupsOf = (codes: ReadonlyArray<string>): ReadonlyMap<string, ReadonlyArray<number>> => {
  const groups = new Map<string, number[]>()
  codes.forEach((code, i) => {
    const rows = groups.get(code)
    if (rows === undefined) groups.set(code, [i])
    else rows.push(i)
  })
  return groups
}

/** log (rows of the combination + prod_j p_j) / (rows + 1), p_j the share of each category with one row more for each. */
const logWeightOf = (
  trained: ReadonlyArray<string>,
  groups: ReadonlyMap<string, ReadonlyArray<number>>,
  codes: ReadonlyArray<CodeColumn>,
): ((code: string) => number) => {
  const rows = trained.length
  const shares = codes.map(({ count }, j) => {
    const counts = groupsOf(trained.map(code => code.split(' ')[j]!))
    return (label: string): number => ((counts.get(label)?.length ?? 0) + 1) / (rows + count)
  })
  return code => {
    const spread = code.split(' ').reduce((product, label, j) => product * shares[j]!(label), 1)
    return Math.log(((groups.get(code)?.length ?? 0) + spread) / (rows + 1))
  }
}
