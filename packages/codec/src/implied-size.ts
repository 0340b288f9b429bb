import type { FlowSpec, Shape, Tree } from '@diffeo/core'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { failure } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { sizeOf } from './tensor-data.ts'

/** What a file's spec and sizes may ask for beyond its parameters: 64 MB. */
const freeBytes = 64e6

/**
 * Refuses sizes that a small file claims in order to exhaust memory where its flow is built and its parameters are drawn to compare
 * shapes with: orders and masks of a number for each dimension in each layer, and weights of more than sixteen times the
 * parameters that the file holds. An estimate: half of the dimensions are taken to condition the other half.
 */
export const checkImpliedSize = (
  spec: FlowSpec,
  event: Shape,
  context: Tree<Shape> | undefined,
  parameterBytes: number,
): Either<DecodeErrors, null> => {
  const row = { event: sizeOf(event), context: context === undefined ? 0 : treeSize(context) }
  const { layers, values } = implied(spec, row)
  const [indices, weights] = [8 * (row.event + row.context) * layers, 4 * values]
  if (indices > 4 * freeBytes)
    return failure(
      ['event'],
      `at most ${Math.floor(freeBytes / 2 / layers)} numbers in a row of ${layers} layers`,
      String(row.event + row.context),
    )
  const most = freeBytes + 16 * parameterBytes
  return weights <= most
    ? E.right(null)
    : failure(['spec'], `networks for ${parameterBytes} bytes of parameters`, `some that take about ${weights}`)
}

type Row = { readonly event: number; readonly context: number }
type Implied = { readonly layers: number; readonly values: number }

const implied = (data: unknown, row: Row): Implied => {
  if (typeof data !== 'object' || data === null) return { layers: 0, values: 0 }
  const inner = Object.values(data).map(child => implied(child, row))
  const { _tag: tag, times, conditioner, transformer } = data as { readonly [key: string]: unknown }
  const repeats = tag === 'repeat' && typeof times === 'number' ? times : 1
  return {
    layers: (tag === undefined ? 0 : 1) + repeats * inner.reduce((n, { layers }) => n + layers, 0),
    values: networkValues(conditioner, transformer, row) + repeats * inner.reduce((n, { values }) => n + values, 0),
  }
}

/** The weights of a conditioner and of the transformer parameters that it computes, or that are free without one. */
const networkValues = (conditioner: unknown, transformer: unknown, row: Row): number => {
  if (transformer === undefined) return 0
  const widths = widthsOf(conditioner)
  const outputs = (row.event / 2) * ((numberIn(transformer, 'bins') ?? 1) * 3)
  const between = [row.event / 2 + row.context, ...widths, outputs]
  return widths.length === 0 ? outputs : between.slice(1).reduce((n, width, i) => n + width * between[i]!, 0)
}

const widthsOf = (network: unknown): ReadonlyArray<number> => {
  const hidden = typeof network === 'object' && network !== null && 'hidden' in network ? network.hidden : undefined
  if (Array.isArray(hidden)) return hidden.filter(width => typeof width === 'number')
  const width = numberIn(network, 'width')
  return width === undefined ? [] : Array.from({ length: 1 + 2 * Math.min(numberIn(network, 'blocks') ?? 0, 1000) }, () => width)
}

const numberIn = (record: unknown, name: string): number | undefined => {
  const value = typeof record === 'object' && record !== null ? (record as { readonly [key: string]: unknown })[name] : undefined
  return typeof value === 'number' ? value : undefined
}

/** All numbers in a tree of shapes. */
const treeSize = (shapes: Tree<Shape>): number => {
  const children: ReadonlyArray<unknown> = Object.values(shapes)
  return children.every(child => typeof child === 'number')
    ? sizeOf(children)
    : children.reduce<number>((n, child) => n + treeSize(child as Tree<Shape>), 0)
}
