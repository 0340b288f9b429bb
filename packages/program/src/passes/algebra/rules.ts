import { emit } from '../../emit.ts'
import type { Emit } from '../../emit.ts'
import type { Builder } from '../../builder.ts'
import type { Node, Value } from '../../program.ts'
import { fillOf, nodeOf } from '../look.ts'
import type { NodeOf } from '../look.ts'
import type { Rule } from '../rewrite.ts'

/** What a rule of one primitive looks at and builds with. */
export interface Site {
  readonly b: Builder
  readonly emit: Emit
  /** The number that a value repeats, if it is a constant that does. */
  fill(value: Value): number | undefined
  /** The node of a primitive that made a value. */
  made<Op extends Node['op']>(value: Value, op: Op): NodeOf<Op> | undefined
}

/** What a node of one primitive may be replaced by. */
export type RuleOf<Op extends Node['op']> = (node: NodeOf<Op>, inputs: ReadonlyArray<Value>, site: Site) => Value | undefined

/** Rules by the primitive that they look at; the first that fits is taken. */
export type Rules = { readonly [Op in Node['op']]?: ReadonlyArray<RuleOf<Op>> }

const sites = new WeakMap<Builder, Site>()

const siteOf = (b: Builder): Site => {
  const known = sites.get(b)
  if (known !== undefined) return known
  const site: Site = { b, emit: emit(b), fill: value => fillOf(b, value), made: (value, op) => nodeOf(b, value, op) }
  sites.set(b, site)
  return site
}

/** A rule that is only given nodes of its own primitive. */
type AnyRule = (node: Node, inputs: ReadonlyArray<Value>, site: Site) => Value | undefined

/** All of several tables of rules as one rule. */
export const together = (...tables: ReadonlyArray<Rules>): Rule => {
  const byOp = new Map<string, ReadonlyArray<AnyRule>>()
  for (const table of tables)
    for (const [op, rules] of Object.entries(table)) byOp.set(op, [...(byOp.get(op) ?? []), ...(rules as ReadonlyArray<AnyRule>)])
  return (node, inputs, b) => {
    const rules = byOp.get(node.op)
    if (rules === undefined) return undefined
    const site = siteOf(b)
    for (const rule of rules) {
      const replaced = rule(node, inputs, site)
      if (replaced !== undefined) return replaced
    }
    return undefined
  }
}
