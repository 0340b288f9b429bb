import { mapTree, tidy } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { reshape, scalar } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { inlineCustom } from '../passes/inline-custom.ts'
import { optimize } from '../passes/optimize.ts'
import type { Program, Value } from '../program.ts'
import { earlyResults } from '../schedule/early-results.ts'
import { trace } from '../trace/trace.ts'
import type { Compiler } from './compiler.ts'

/** A function as it is called: with trees of tensors, numbers and keys, and with what is static. */
export type AnyFunction = (...args: ReadonlyArray<unknown>) => Tree<Tensor>

/** What f does on arguments of these types, as a program for the compiler. */
export const programOf = (f: AnyFunction, args: ReadonlyArray<unknown>, isStatic: ReadonlyArray<boolean>, compiler: Compiler): Program =>
  prepared(tracedOn(f, args, isStatic), compiler)

/** What f does on arguments of these types, as it was traced. */
export const tracedOn = (f: AnyFunction, args: ReadonlyArray<unknown>, isStatic: ReadonlyArray<boolean>): Program => {
  const dynamic = args.filter((_, i) => !isStatic[i])
  const whole = (...traced: ReadonlyArray<unknown>): Tree<Tensor> => {
    let next = 0
    return f(...args.map((arg, i) => (isStatic[i] ? arg : traced[next++])))
  }
  return trace(whole as (...args: ReadonlyArray<Tensor>) => Tree<Tensor>, ...(dynamic as ReadonlyArray<Tensor>)).program
}

/** A traced program made smaller and put in order for the compiler. */
export const prepared = (program: Program, compiler: Compiler): Program => {
  const small = optimize(inlineCustom(program, (_, node) => compiler.hasKernel(node) || compiler.joinsLoops(node)))
  return inlineCustom(earlyResults(small, compiler.joinsLoops), (_, node) => !compiler.joinsLoops(node))
}

/** Runs f with eager ops, its numbers as scalars. The results are handles of their own, whatever f returned. */
export const eagerly = (f: AnyFunction, args: ReadonlyArray<unknown>, isStatic: ReadonlyArray<boolean>): Tree<Tensor> =>
  tidy(() => mapTree((result: Tensor) => reshape(result, result.shape), f(...withScalars(args, isStatic))))

/** The arguments with their numbers as float32 scalars. */
export const withScalars = (args: ReadonlyArray<unknown>, isStatic: ReadonlyArray<boolean>): ReadonlyArray<unknown> =>
  args.map((arg, i) =>
    isStatic[i] ? arg : mapTree<unknown, unknown>(leaf => (typeof leaf === 'number' ? scalar(leaf) : leaf), arg as Tree<unknown>),
  )

/** The results in the tree that f returned. */
export const treeOf = (outputs: Tree<Value>, results: ReadonlyArray<Tensor>): Tree<Tensor> => {
  let next = 0
  const walk = (tree: Tree<Value>): Tree<Tensor> => {
    if (typeof tree === 'number') return results[next++]!
    if (Array.isArray(tree)) return tree.map(walk)
    const branch: Record<string, Tree<Tensor>> = {}
    for (const name of Object.keys(tree)) branch[name] = walk((tree as Readonly<Record<string, Tree<Value>>>)[name]!)
    return branch
  }
  return walk(outputs)
}
