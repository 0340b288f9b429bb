import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { MatmulRate, Missing } from './measurement.ts'
import { pinned } from './process.ts'

const script = fileURLToPath(new URL('../../packages/wasm/bench/matmul.ts', import.meta.url))

/** Rates of square products by packages/wasm/bench/matmul.ts, which has the register kernel and tfjs in the same process. */
export const matmulRates = (sizes: ReadonlyArray<number>): ReadonlyArray<MatmulRate | Missing> => {
  const [file, ...parameters] = pinned([process.execPath, '--import', 'tsx', script, ...sizes.map(String)], 1)
  const done = spawnSync(file!, parameters, { encoding: 'utf8' })
  const rows = done.status === 0 ? tableRows(done.stdout) : []
  if (rows.length === 0) return [{ workload: 'mm', contestant: 'diffeo', missing: done.stderr.trim().split('\n').at(-1) ?? 'no table' }]
  return rows.flatMap(row =>
    ['plain', 'relaxed']
      .filter(arithmetic => `${arithmetic} NN` in row)
      .map(arithmetic => ({
        workload: 'mm' as const,
        n: Number(row['n']),
        arithmetic,
        gflops: Number(row[`${arithmetic} NN`]),
        peak_gflops: Number(row[`peak ${arithmetic}`]),
        tfjs_gflops: Number(row['tfjs']),
      })),
  )
}

/** The rows of a printed `console.table` by the names of its columns. */
const tableRows = (printed: string): ReadonlyArray<Readonly<Record<string, string>>> => {
  const [header, ...rows] = printed
    .split('\n')
    .filter(line => line.startsWith('│'))
    .map(line => line.split('│').slice(1, -1).map(cell => cell.trim().replace(/^'|'$/g, ''))) // prettier-ignore
  return rows.map(cells => Object.fromEntries(cells.map((cell, i) => [header![i]!, cell])))
}
