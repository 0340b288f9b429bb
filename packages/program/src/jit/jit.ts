import { isTracing } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { backend_util, engine } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Value } from '../program.ts'
import { activeCompiler } from './compiler.ts'
import type { CompileReport, Compiler, Executable } from './compiler.ts'
import { eagerly, programOf, treeOf, withScalars } from './function.ts'
import type { AnyFunction } from './function.ts'
import { shapeCache } from './shape-cache.ts'
import { leavesLike, patternOf, signatureOf } from './signature.ts'
import type { Pattern, Signature } from './signature.ts'

/** What `jit` may be told about a function. */
export interface JitOptions {
  /** Arguments, by number, that are compared by value and are part of the program: specs, flags, functions. */
  readonly static?: ReadonlyArray<number>
  /** Arguments, by number, whose memory the results may take; using them later is an error. */
  readonly donate?: ReadonlyArray<number>
  /** The same bits on every machine: no fused multiply-add. */
  readonly deterministic?: boolean
  /** Where warnings go; tfjs's console unless said. */
  readonly warn?: (text: string) => void
}

/** A function that is compiled for the shapes that it is called with. */
export type Jitted<F extends (...args: never[]) => Tree<Tensor>> = F & {
  /** Traces and compiles for these arguments without blocking while the engine compiles. Nothing is run. */
  readonly compile: (...args: Parameters<F>) => Promise<void>
  /** What runs for these arguments: the compiled steps one by one, what the host does, sizes of code and memory; or why it runs eagerly. */
  readonly explain: (...args: Parameters<F>) => string
  /** The sizes of what runs for these arguments, or undefined where it runs eagerly. */
  readonly report: (...args: Parameters<F>) => CompileReport | undefined
  /** Forgets what was compiled and frees its memory. */
  readonly dispose: () => void
}

interface Entry {
  readonly executable: Executable
  readonly outputs: Tree<Value>
}

/**
 * A pure function that is traced once for each set of shapes, optimized as a graph, compiled, and run with one call.
 *
 * Arguments are trees of tensors, numbers (float32 scalars) and keys; the others must be `static`. The results are fresh tensors.
 * Inside another traced function, or while a gradient is taken, f runs as it is and becomes part of that; where no compiler is loaded,
 * or the active tfjs backend is another than cpu and wasm, it runs eagerly in one `tidy`.
 *
 * The 32 last used sets of shapes stay compiled; the fifth is told with a warning.
 *
 * @throws TypeError when an argument is none of these
 * @throws Error what tracing f throws, such as for the read of a traced tensor
 * @example const step = jit((p, x) => valueAndGrad(q => neg(mean(flow.logProb(q, x))))(p))
 */
export const jit = <F extends (...args: never[]) => Tree<Tensor>>(f: F, options: JitOptions = {}): Jitted<F> => {
  const { static: fixed = [], donate = [], deterministic = false, warn = backend_util.warn } = options
  checkOptions(fixed, donate)
  const g = f as unknown as AnyFunction // called with what f is called with
  const isStatic: boolean[] = []
  fixed.forEach(i => (isStatic[i] = true))
  const cache = shapeCache<Entry>('jit', g.name, { warn, dispose: ({ executable }) => executable.dispose() })
  /** The call before, which the next one is most often like. */
  let last: { readonly pattern: Pattern; readonly entry: Entry } | undefined

  const donatedOf = (args: ReadonlyArray<unknown>): ReadonlyArray<number> => {
    let next = 0
    return args.flatMap((arg, i) => {
      if (isStatic[i]) return []
      const count = signatureOf([arg], []).leaves.length
      const own = Array.from({ length: count }, (_, j) => next + j)
      next += count
      return donate.includes(i) ? own : []
    })
  }
  const entryOf = ({ key }: Signature, args: ReadonlyArray<unknown>, compiler: Compiler): Entry => {
    last = undefined // what others are compiled for may take its place
    const found = cache.get(key)
    if (found !== undefined) return found
    const program = programOf(g, args, isStatic, compiler)
    return cache.set(key, { executable: compiler.compile(program, { deterministic, donated: donatedOf(args) }), outputs: program.outputs })
  }
  const call = (...args: ReadonlyArray<unknown>): Tree<Tensor> => {
    if (isTracing() || engine().isTapeOn()) return g(...withScalars(args, isStatic))
    const compiler = activeCompiler()
    if (compiler === undefined) return eagerly(g, args, isStatic)
    const leaves = last && leavesLike(last.pattern, args, isStatic)
    if (leaves !== undefined) return treeOf(last!.entry.outputs, last!.entry.executable.call(leaves))
    const signature = signatureOf(args, isStatic)
    const entry = entryOf(signature, args, compiler)
    const pattern = patternOf(args, isStatic)
    last = pattern && { pattern, entry }
    return treeOf(entry.outputs, entry.executable.call(signature.leaves))
  }
  const compile = async (...args: ReadonlyArray<unknown>): Promise<void> => {
    const compiler = activeCompiler()
    if (compiler === undefined) return
    const { key } = signatureOf(args, isStatic)
    last = undefined
    if (cache.get(key) !== undefined) return
    const program = programOf(g, args, isStatic, compiler)
    const executable = await compiler.compileAsync(program, { deterministic, donated: donatedOf(args) })
    if (cache.get(key) !== undefined) executable.dispose()
    else cache.set(key, { executable, outputs: program.outputs })
  }
  const report = (...args: ReadonlyArray<unknown>): CompileReport | undefined => {
    const compiler = activeCompiler()
    return compiler && entryOf(signatureOf(args, isStatic), args, compiler).executable.report()
  }
  const members = {
    compile,
    report,
    explain: (...args: ReadonlyArray<unknown>) => explained(report(...args)),
    dispose: () => {
      last = undefined
      cache.clear()
    },
  }
  return Object.assign(call, members) as unknown as Jitted<F> // called as f is
}

const checkOptions = (fixed: ReadonlyArray<number>, donate: ReadonlyArray<number>): void => {
  const wrong = [...fixed, ...donate].find(i => !Number.isInteger(i) || i < 0)
  if (wrong !== undefined) throw new RangeError(`jit: expected numbers of arguments in static and donate, got ${wrong}`)
  const both = fixed.find(i => donate.includes(i))
  if (both !== undefined) throw new RangeError(`jit: expected an argument to be static or donated, got both for ${both}`)
}

/** A report as text. */
export const explained = (report: CompileReport | undefined): string =>
  report === undefined
    ? 'runs eagerly: no compiler serves the active backend'
    : [
        ...report.lines,
        `${report.lines.length} steps, ${report.kernels} kernels, ${report.codeBytes} bytes of code, arena ${report.arenaBytes} (peak ${report.peakBytes}), constants ${report.constantBytes}`,
      ].join('\n')
