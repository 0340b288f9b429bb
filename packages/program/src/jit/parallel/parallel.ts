import { isBranch, isTracing } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { backend_util, engine, Tensor, tensor } from '@tensorflow/tfjs-core'
import type { Program, Type, Value } from '../../program.ts'
import { sameShape } from '../../shape.ts'
import { filled } from '../../values.ts'
import type { Data } from '../../values.ts'
import { activeCompiler } from '../compiler.ts'
import type { Compiler, Parts } from '../compiler.ts'
import { prepared, tracedOn, treeOf } from '../function.ts'
import type { AnyFunction } from '../function.ts'
import { explained } from '../jit.ts'
import { shapeCache } from '../shape-cache.ts'
import { signatureOf } from '../signature.ts'
import { eagerShards } from './eager-shards.ts'
import { checkReducible, reduced } from './reduce.ts'
import type { Reduce, Results } from './reduce.ts'
import { resultTypes, shardExecutable } from './shard-executable.ts'
import type { ShardExecutable } from './shard-executable.ts'
import { dataOf, inputsOf, numbersOf, partsOf, rowsOf, shardedLeaves, shardsOf, typesOfShard, weightsOf } from './shards.ts'
import type { Numbers, Shard } from './shards.ts'

/** How many workers, which arguments are dealt out, and how the results become one. */
export interface ParallelOptions {
  /** How many workers share the work, at least 1. The results depend on it in their last bits. */
  readonly workers: number
  /** Arguments, by number, whose rows are dealt out: trees of tensors of one leading size. The others go to every worker. */
  readonly shard: ReadonlyArray<number>
  /** What the results of the shards become: their mean, weighted by rows, their sum, or one after the other along the first axis. */
  readonly reduce: Reduce
  /** Arguments, by number, that are compared by value and are part of the program. */
  readonly static?: ReadonlyArray<number>
  /** The same bits on every machine: no fused multiply-add. */
  readonly deterministic?: boolean
  /** Where warnings go; tfjs's console unless said. */
  readonly warn?: (text: string) => void
}

/** A function whose rows are dealt out to workers. */
export type Parallel<F extends (...args: never[]) => Tree<Tensor>> = ((...args: Parameters<F>) => Promise<ReturnType<F>>) & {
  /** Traces and compiles for these arguments and starts the workers. Nothing is run. */
  readonly compile: (...args: Parameters<F>) => Promise<void>
  /** How these arguments are dealt out, where the shards run, and what runs. */
  readonly explain: (...args: Parameters<F>) => string
  /** Forgets what was compiled, here and in the workers; calls under way are finished. The workers end when no function is left that uses them. */
  readonly dispose: () => void
}

/** What was compiled for one set of shapes. */
interface Entry {
  readonly outputs: Tree<Value>
  readonly bySize: ReadonlyMap<number, ShardExecutable>
  /** Memory of earlier calls for the numbers of the arguments: fresh memory in each step makes the garbage collector run beside the workers. */
  readonly spares: ReadonlyArray<Numbers>[]
  calls: number
  left: boolean
}

/**
 * A pure function whose rows are dealt out to workers, each with a memory of its own.
 *
 * The rows of the arguments in `shard` are cut into as many pieces as there are workers, of sizes that differ by one at most (fewer where
 * there are fewer rows); each worker runs f, compiled as by `jit`, on its piece and on all of the other arguments; the results are reduced in the
 * order of the pieces, in float64, rounded once. With more than one piece a key among the arguments is `foldIn(key, i)` in piece i. Without any
 * argument in `shard` every worker does the whole work with a key of its own.
 *
 * A piece with more rows than caches hold runs in equal parts, one after the other, where their results can be added: sums or means of float32,
 * without keys. A worker that is done with its piece takes the last parts of another's; results are added in the order of the parts all the same.
 * So the same arguments give the same bits every time, whoever is first.
 *
 * It gives a promise: the caller's thread stays free. The arguments are read at once, and may be disposed as soon as the call has returned.
 * The workers are threads in Node and Web Workers in a page, shared by all such functions; they do not keep a process alive. One
 * that dies is replaced, and its piece done again, once. A program with an op that only the caller can run, or a place where no worker starts, is
 * run by the caller, piece by piece, with the same bits; a warning and `explain` say so.
 *
 * What must happen once, such as an optimizer's update, is a function of its own:
 *
 * @throws RangeError, TypeError when the options are wrong
 * @returns a function whose promise rejects with what tracing f throws; with a TypeError where results cannot be reduced, where a sharded argument has no
 * rows, inside a traced function and while a gradient is taken; with an Error when a worker fails or dies twice
 * @example
 * const lossAndGrad = parallel((p, x) => valueAndGrad(q => neg(mean(flow.logProb(q, x))))(p), { workers: 2, shard: [1], reduce: 'mean' })
 * const update = jit((grads, state, p) => optimizer.update(grads, state, p))
 * const { value, grads } = await lossAndGrad(params, batch)
 */
export const parallel = <F extends (...args: never[]) => Tree<Tensor>>(f: F, options: ParallelOptions): Parallel<F> => {
  checkOptions(options)
  const { workers, shard: sharded, reduce, static: fixed = [], deterministic = false, warn = backend_util.warn } = options
  const g = f as unknown as AnyFunction // called with what f is called with
  const isStatic: boolean[] = []
  fixed.forEach(i => (isStatic[i] = true))
  const leave = (entry: Entry): void => {
    entry.left = true
    if (entry.calls === 0) entry.bySize.forEach(({ dispose }) => dispose())
  }
  const cache = shapeCache<Entry>('parallel', g.name, { warn, dispose: leave })
  const warned = new Set<string>()

  const compiled = (args: ReadonlyArray<unknown>, shards: ReadonlyArray<Shard>, compiler: Compiler): Entry => {
    const traced = (rows: number): Program => tracedOn(g, typesOfShard(args, sharded, rows), isStatic)
    const pieces = [...new Set(shards.map(({ rows }) => rows))].map(rows => {
      const whole = traced(rows)
      if (shards.length > 1) checkReducible(reduce, whole.outputs, resultTypes(whole))
      const parts = shards.length > 1 ? inParts(args, whole, rows, traced) : undefined
      return [rows, parts ?? { program: whole, parts: { count: 1, inputs: [] } }] as const
    })
    const bySize = new Map(
      pieces.map(([rows, { program, parts }]) => [rows, shardExecutable(compiler, prepared(program, compiler), deterministic, parts)]),
    )
    return { outputs: pieces[0]![1].program.outputs, bySize, spares: [], calls: 0, left: false }
  }
  /** The program for a part of a shard's rows, where the results of parts may be added: float32 of the shape that the shard gives, without keys. */
  const inParts = (
    args: ReadonlyArray<unknown>,
    whole: Program,
    rows: number,
    traced: (rows: number) => Program,
  ): { readonly program: Program; readonly parts: Parts } | undefined => {
    const count = partsOf(rows)
    if (count === 1 || reduce === 'concat' || args.some((arg, i) => !isStatic[i] && hasKey(arg))) return undefined
    const program = traced(rows / count)
    const [given, wanted] = [program, whole].map(resultTypes)
    if (!given!.every(({ shape, dtype }, i) => dtype === 'float32' && sameShape(shape, wanted![i]!.shape))) return undefined
    const inputs = shardedLeaves(args, isStatic, sharded).flatMap((is, i) => (is ? [i] : []))
    return { program, parts: { count, inputs } }
  }
  const entryOf = (key: string, args: ReadonlyArray<unknown>, shards: ReadonlyArray<Shard>, compiler: Compiler): Entry =>
    cache.get(key) ?? cache.set(key, compiled(args, shards, compiler))
  /** Runs the body; what leaves the cache meanwhile is freed after. */
  const using = async <A>(entry: Entry, body: () => Promise<A>): Promise<A> => {
    entry.calls += 1
    try {
      return await body()
    } finally {
      entry.calls -= 1
      if (entry.left) leave(entry)
    }
  }
  /** Starts the workers; the reason why there are none is told once. */
  const start = async ({ bySize }: Entry, count: number): Promise<void> => {
    await Promise.all([...bySize.values()].map(executable => executable.start(count)))
    const reason = reasonOf(bySize)
    if (reason !== undefined && !warned.has(reason)) {
      warned.add(reason)
      warn(`parallel: ${g.name === '' ? 'a function' : g.name} runs in the caller, one shard after the other: ${reason}`)
    }
  }
  /** The results of all shards, in order: those of one size follow each other. */
  const run = async (entry: Entry, shards: ReadonlyArray<Shard>, numbers: ReadonlyArray<Numbers>): Promise<ReadonlyArray<Results>> => {
    await start(entry, shards.length)
    const inputs = shards.map((_, worker) => ({ worker, inputs: inputsOf(numbers, shards, worker) }))
    const bySize = await together(
      [...entry.bySize].map(([rows, { call }]) => call(inputs.filter(({ worker }) => shards[worker]!.rows === rows))),
    )
    return bySize.flat()
  }
  /** What the sum over a shard counts in a mean over all. */
  const weights = ({ bySize }: Entry, shards: ReadonlyArray<Shard>): ReadonlyArray<number> =>
    weightsOf(shards).map((weight, i) => weight / bySize.get(shards[i]!.rows)!.parts.count)
  const call = async (...args: ReadonlyArray<unknown>): Promise<Tree<Tensor>> => {
    if (isTracing() || engine().isTapeOn())
      throw new TypeError('parallel: expected a call outside of traces and gradients, got one inside; call the function itself there')
    const shards = shardsOf(rowsOf(args, sharded), workers)
    const compiler = activeCompiler()
    if (compiler === undefined) return eagerShards(g, args, shards, { isStatic, sharded, reduce })
    const { key, leaves } = signatureOf(args, isStatic, 'parallel')
    const entry = entryOf(key, args, shards, compiler)
    const numbers = numbersOf(args, leaves, isStatic, sharded, compiler.workers?.view ?? dataOf, entry.spares.pop())
    return using(entry, async () => {
      const ofShards = await run(entry, shards, numbers)
      entry.spares.push(numbers)
      const whole = reduced(reduce, ofShards, weights(entry, shards))
      const results = whole.map(({ type, write }) => compiler.workers?.tensor(type, write) ?? tensorOf(type, write))
      ofShards.forEach(({ release }) => release())
      return treeOf(entry.outputs, results)
    })
  }
  const compile = async (...args: ReadonlyArray<unknown>): Promise<void> => {
    const shards = shardsOf(rowsOf(args, sharded), workers)
    const compiler = activeCompiler()
    if (compiler === undefined) return
    const entry = entryOf(signatureOf(args, isStatic, 'parallel').key, args, shards, compiler)
    await using(entry, () => start(entry, shards.length))
  }
  const explain = (...args: ReadonlyArray<unknown>): string => {
    const shards = shardsOf(rowsOf(args, sharded), workers)
    const compiler = activeCompiler()
    if (compiler === undefined) return `${dealt(shards, sharded, reduce)}; ${explained(undefined)}`
    const { bySize } = entryOf(signatureOf(args, isStatic, 'parallel').key, args, shards, compiler)
    const reason = reasonOf(bySize)
    const where = reason === undefined ? 'in workers' : `in the caller, one after the other: ${reason}`
    const parts = [...bySize].map(
      ([rows, executable]) =>
        `${sharded.length === 0 ? 'each' : `shards of ${rows} rows${executable.parts.count > 1 ? ` in ${executable.parts.count} parts` : ''}`}:\n${explained(executable.report())}`,
    )
    return [`${dealt(shards, sharded, reduce)}; ${where}`, ...parts].join('\n')
  }
  return Object.assign(call, { compile, explain, dispose: cache.clear }) as unknown as Parallel<F> // called as f is
}

const tensorOf = (type: Type, write: (to: Data) => void): Tensor => {
  const data = filled(type)
  write(data)
  return tensor(data, [...type.shape], type.dtype)
}

const hasKey = (arg: unknown): boolean =>
  arg instanceof Uint32Array || (!(arg instanceof Tensor) && isBranch(arg) && Object.values(arg as object).some(hasKey))

const reasonOf = (bySize: Entry['bySize']): string | undefined =>
  [...bySize.values()].map(({ reason }) => reason()).find(reason => reason !== undefined)

const dealt = (shards: ReadonlyArray<Shard>, sharded: ReadonlyArray<number>, reduce: Reduce): string => {
  const rows = sharded.length === 0 ? 'the whole' : `${shards.map(shard => shard.rows).join(', ')} rows`
  return `${shards.length} ${shards.length === 1 ? 'shard' : 'shards'} of ${rows}, ${reduce} of the results`
}

/** All of them, or the first error in their order once none is under way any more. */
const together = async <A>(all: ReadonlyArray<Promise<A>>): Promise<ReadonlyArray<A>> => {
  await Promise.allSettled(all)
  return Promise.all(all)
}

const checkOptions = ({ workers, shard, reduce, static: fixed = [] }: ParallelOptions): void => {
  if (!Number.isInteger(workers) || workers < 1) throw new RangeError(`parallel: expected a number of workers from 1, got ${workers}`)
  const wrong = [...shard, ...fixed].find(i => !Number.isInteger(i) || i < 0)
  if (wrong !== undefined) throw new RangeError(`parallel: expected numbers of arguments in shard and static, got ${wrong}`)
  const both = fixed.find(i => shard.includes(i))
  if (both !== undefined) throw new RangeError(`parallel: expected an argument to be sharded or static, got both for ${both}`)
  if (reduce !== 'mean' && reduce !== 'sum' && reduce !== 'concat')
    throw new RangeError(`parallel: expected reduce to be 'mean', 'sum' or 'concat', got ${String(reduce)}`)
}
