import { leaves } from '@diffeo/core'
import { dispose, tensor } from '@tensorflow/tfjs-core'
import type { Program, Type, Value } from '../../program.ts'
import { typesOf } from '../../values.ts'
import type { Data } from '../../values.ts'
import type { CompileReport, Compiler, Executable, Parts, ShardInputs } from '../compiler.ts'
import type { Results } from './reduce.ts'

/** What runs shards of one size: workers where they can, else this thread, one shard after the other. */
export interface ShardExecutable {
  readonly parts: Parts
  /** Why no worker runs it, as far as is known. */
  readonly reason: () => string | undefined
  /** Starts the workers where they are not up. */
  readonly start: (workers: number) => Promise<void>
  /** The results of each shard, in order. */
  readonly call: (shards: ReadonlyArray<ShardInputs>) => Promise<ReadonlyArray<Results>>
  readonly report: () => CompileReport
  readonly dispose: () => void
}

/** The types of the leaves of a program's results. */
export const resultTypes = (program: Program): ReadonlyArray<Type> => {
  const types = typesOf(program)
  return leaves<Value>(program.outputs).map(value => types[value]!)
}

export const shardExecutable = (compiler: Compiler, program: Program, deterministic: boolean, parts: Parts): ShardExecutable => {
  const types = resultTypes(program)
  const remote = compiler.workers?.compile(program, { deterministic }, parts)
  const state: { reason?: string; here?: Executable } = {}
  if (remote === undefined) state.reason = 'the compiler has no workers'
  else if (remote.hosts.length > 0) state.reason = `no worker has ${remote.hosts.join(', ')}`
  const here = (): Executable => (state.here ??= compiler.compile(program, { deterministic, donated: [] }))
  return {
    parts,
    reason: () => state.reason,
    start: async workers => {
      if (remote === undefined || state.reason !== undefined) return
      const reason = await remote.start(workers)
      if (reason !== undefined) state.reason = `no worker starts: ${reason}`
    },
    call: async shards => {
      const all =
        remote === undefined || state.reason !== undefined
          ? await inTurns(shards.map(({ inputs }) => () => ({ data: inParts(here(), program, inputs, parts), release: () => undefined })))
          : await remote.call(shards)
      return all.map(numbers => ({ types, ...numbers }))
    },
    report: () => (remote ?? here()).report(),
    dispose: () => {
      remote?.dispose()
      state.here?.dispose()
    },
  }
}

/** One after the other; whatever else the thread has to do may come in between. */
const inTurns = async <A>(all: ReadonlyArray<() => A>): Promise<ReadonlyArray<A>> => {
  const results: A[] = []
  for (const next of all) {
    await new Promise(resolve => setTimeout(resolve))
    results.push(next())
  }
  return results
}

/** The same calls and sums as the workers'. */
const inParts = (executable: Executable, program: Program, data: ReadonlyArray<Data>, { count, inputs }: Parts): ReadonlyArray<Data> => {
  const partOf = (part: number): ReadonlyArray<Data> =>
    data.map((numbers, i) => {
      if (!inputs.includes(i)) return numbers
      const size = numbers.length / count
      return numbers.subarray(part * size, (part + 1) * size)
    })
  const sums = onNumbers(executable, program, partOf(0))
  for (let part = 1; part < count; part++) {
    const results = onNumbers(executable, program, partOf(part))
    sums.forEach((sum, j) => {
      for (let i = 0; i < sum.length; i++) sum[i]! += results[j]![i]!
    })
  }
  return sums
}

const onNumbers = (executable: Executable, { inputs }: Program, data: ReadonlyArray<Data>): ReadonlyArray<Data> => {
  const tensors = inputs.map(({ shape, dtype }, i) => tensor(data[i]!, [...shape], dtype))
  try {
    const results = executable.call(tensors)
    const numbers = results.map(result => result.dataSync() as Data)
    dispose([...results])
    return numbers
  } finally {
    dispose(tensors)
  }
}
