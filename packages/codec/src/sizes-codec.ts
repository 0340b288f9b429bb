import type { Shape, Tree } from '@diffeo/core'
import * as t from 'io-ts'
import { choice, integer, where } from './fields.ts'
import type { Codec } from './fields.ts'

const size = integer(1, 2 ** 31 - 1)
const shape: Codec<Shape> = where(t.readonlyArray(size, 'a shape'), sizes => (sizes.length <= 16 ? undefined : 'at most 16 sizes'))

/** The shape of one row of data: at least one size, each at least 1. */
export const eventCodec: Codec<Shape> = where(shape, sizes => (sizes.length > 0 ? undefined : 'at least one size'))

const isNumbers = (u: unknown): boolean => Array.isArray(u) && u.every(x => typeof x !== 'object' || x === null)

/** The shape of one row of context, or a tree of shapes: a list of numbers is a shape, any other list a branch. */
const shapes: Codec<Tree<Shape>> = choice<Tree<Shape>>('a shape or a tree of shapes', u => {
  if (isNumbers(u)) return shape
  if (Array.isArray(u)) return t.readonlyArray(shapes, 'a list of shapes')
  return typeof u === 'object' && u !== null ? t.record(t.string, shapes, 'a record of shapes') : undefined
})

/** The sizes of a context, or none, which is null in JSON. */
export const contextCodec: Codec<Tree<Shape> | undefined> = new t.Type<Tree<Shape> | undefined, unknown, unknown>(
  'a shape, a tree of shapes or null',
  (u): u is Tree<Shape> | undefined => u === undefined || shapes.is(u),
  (u, context) => (u === null ? t.success(undefined) : shapes.validate(u, context)),
  sizes => sizes ?? null,
)
