import type { RuleOf, Rules } from './rules.ts'

/** One of the branches, where the condition is known. */
const known: RuleOf<'select'> = (_, [condition, t, e], { fill }) => {
  const c = fill(condition!)
  return t === e ? t : c === undefined ? undefined : c === 0 ? e : t
}

const selectNot: RuleOf<'select'> = (_, [condition, t, e], { emit, made }) => {
  const negated = made(condition!, 'not')
  return negated && emit.select(negated.inputs[0]!, e!, t!)
}

/** 1 where true and 0 where false is the condition as a number. */
const selectOneZero: RuleOf<'select'> = (node, [condition, t, e], { emit, fill }) =>
  fill(t!) === 1 && fill(e!) === 0 ? emit.cast(condition!, node.outputs[0]!.dtype) : undefined

/** A bool keeps its value through any dtype. */
const castCast: RuleOf<'cast'> = (node, [x], { emit, made }) => {
  const inner = made(x!, 'cast')
  if (inner === undefined || emit.dtype(inner.inputs[0]!) !== 'bool') return undefined
  return emit.cast(inner.inputs[0]!, node.dtype)
}

const notOf: RuleOf<'not'> = (_, [x], { emit, made }) => {
  const [not, eq, ne] = [made(x!, 'not'), made(x!, 'eq'), made(x!, 'ne')]
  if (not) return not.inputs[0]
  if (eq) return emit.binary('ne', eq.inputs[0]!, eq.inputs[1]!)
  return ne && emit.binary('eq', ne.inputs[0]!, ne.inputs[1]!)
}

/** `and` with true and `or` with false leave the other; with the contrary they are that constant. */
const joined =
  (neutral: 0 | 1): RuleOf<'and'> & RuleOf<'or'> =>
  (_: unknown, [x, y]: ReadonlyArray<number>, { fill }: Parameters<RuleOf<'and'>>[2]) => {
    if (x === y) return x
    const [left, right] = [fill(x!), fill(y!)]
    if (left !== undefined) return left === neutral ? y : x
    return right === undefined ? undefined : right === neutral ? x : y
  }

export const logic: Rules = {
  select: [known, selectNot, selectOneZero],
  cast: [castCast],
  not: [notOf],
  and: [joined(1)],
  or: [joined(0)],
}
