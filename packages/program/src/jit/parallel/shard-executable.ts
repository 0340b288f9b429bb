import { leaves } from '@diffeo/core'
import { dispose, tensor } from '@tensorflow/tfjs-core'
import type { Program, Type, Value } from '../../program.ts'
import { typesOf } from '../../values.ts'
import type { Data } from '../../values.ts'
import type { CompileReport, Compiler, Executable } from '../compiler.ts'
import type { Results } from './reduce.ts'

/** What runs shards of one size: a worker where it can, else this thread. */
export interface ShardExecutable {
  /** Why no worker runs it, as far as is known. */
  readonly reason: () => string | undefined
  /** Starts the workers where they are not up. */
  readonly start: (workers: number) => Promise<void>
  readonly call: (worker: number, inputs: ReadonlyArray<Data>) => Promise<Results>
  readonly report: () => CompileReport
  readonly dispose: () => void
}

/** The types of the leaves of a program's results. */
export const resultTypes = (program: Program): ReadonlyArray<Type> => {
  const types = typesOf(program)
  return leaves<Value>(program.outputs).map(value => types[value]!)
}

export const shardExecutable = (compiler: Compiler, program: Program, deterministic: boolean): ShardExecutable => {
  const types = resultTypes(program)
  const remote = compiler.workers?.compile(program, { deterministic })
  const state: { reason?: string; here?: Executable } = {}
  if (remote === undefined) state.reason = 'the compiler has no workers'
  else if (remote.hosts.length > 0) state.reason = `no worker has ${remote.hosts.join(', ')}`
  const here = (): Executable => (state.here ??= compiler.compile(program, { deterministic, donated: [] }))
  return {
    reason: () => state.reason,
    start: async workers => {
      if (remote === undefined || state.reason !== undefined) return
      const reason = await remote.start(workers)
      if (reason !== undefined) state.reason = `no worker starts: ${reason}`
    },
    call: async (worker, inputs) => ({
      types,
      data: remote === undefined || state.reason !== undefined ? onNumbers(here(), program, inputs) : await remote.call(worker, inputs),
    }),
    report: () => (remote ?? here()).report(),
    dispose: () => {
      remote?.dispose()
      state.here?.dispose()
    },
  }
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
