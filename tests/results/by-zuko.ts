import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { foldIn, key, selectRows, splitRows } from 'diffeo'
import type { Matrix } from 'diffeo'
import { validation } from './by-diffeo.ts'
import type { Model, PeerRows, Problem } from './dataset.ts'
import { momentsOf, standardizedBy } from './folds.ts'
import type { Outcome } from './result.ts'

const script = fileURLToPath(new URL('peers.py', import.meta.url))

/** zuko in a process of its own, one fit after the other. */
export interface Zuko {
  readonly versions: string
  readonly fit: (model: Model, problem: Problem, seed: number) => Promise<Outcome>
  readonly end: () => void
}

/** What peers.py answers. */
type Answer = Omit<Outcome, 'rows'> | { readonly error: string }

/**
 * Starts zuko.
 *
 * @throws Error when the interpreter does not have it
 */
export const startZuko = async (python: string): Promise<Zuko> => {
  const folder = mkdtempSync(join(tmpdir(), 'diffeo-results-'))
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`results: expected ${python} to run ${script}, got an early end`)
    return value
  }
  const { versions } = JSON.parse(await next()) as { readonly versions: string }
  return {
    versions,
    fit: async (model, problem, seed) => {
      const { logVolume, ...request } = requestOf(folder, model, problem, seed)
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const answer = JSON.parse(await next()) as Answer
      if ('error' in answer) throw new Error(`results: expected zuko to fit ${model.id}, got ${answer.error}`)
      return { ...answer, nats: answer.nats + logVolume, rows: problem.test.rows }
    },
    end: () => {
      child.stdin.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The same rows in the same parts as `fit` has them, standardized by those that it trains on, in files of float32. */
const requestOf = (
  folder: string,
  model: Model,
  { columns, train, test }: Problem,
  seed: number,
): Request & { readonly logVolume: number } => {
  const placed = model.peerRows ?? ((rows: Matrix): PeerRows => ({ rows }))
  const split = splitRows(foldIn(key(seed), 0), train.rows, { validation, test: 0 })
  const [all, tested] = [placed(train, columns), placed(test, columns)]
  const parts = { train: selectRows(all.rows, split.train), validation: selectRows(all.rows, split.validation), test: tested.rows }
  const moments = momentsOf(parts.train)
  const scaled = (rows: Matrix): Matrix => ((model.peerStandardizes ?? true) ? standardizedBy(rows, moments) : rows)
  const entries = Object.entries(parts).map(([name, rows]) => {
    const file = join(folder, `${name}.f32`)
    writeFileSync(file, new Uint8Array(Float32Array.from(scaled(rows).values).buffer))
    return [name, file] as const
  })
  const scale = (model.peerStandardizes ?? true) ? -moments.deviation.reduce((sum, deviation) => sum + Math.log(deviation), 0) : 0
  const volume = tested.logVolume === undefined ? 0 : tested.logVolume.reduce((sum, value) => sum + value, 0) / test.rows
  return {
    width: all.rows.columns,
    files: Object.fromEntries(entries),
    model: model.peer!,
    training: model.training,
    seed,
    logVolume: scale + volume,
  }
}

/** What peers.py reads. */
interface Request {
  readonly width: number
  readonly files: Readonly<Record<string, string>>
  readonly model: NonNullable<Model['peer']>
  readonly training: Model['training']
  readonly seed: number
}
