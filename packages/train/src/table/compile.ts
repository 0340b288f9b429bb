import {
  categorical,
  chain,
  each,
  elementwise,
  exp,
  fixedAffine,
  flow,
  givenCategories,
  identity,
  mlp,
  product,
  sigmoid,
} from '@diffeo/core'
import type { BijectorSpec, FlowSpec, TransformerSpec } from '@diffeo/core'
import type { ColumnSchema, Schema } from '../data/schema.ts'
import { eventRange } from './latent.ts'
import type { EventRange, Moments } from './latent.ts'

/**
 * The flow of a table: what `spec` is of real vectors, on the columns of a schema.
 *
 *   categories    the base draws them first, exactly; the flow of the numbers is conditioned on them, one-hot
 *   numbers       behind the flow's layers a fixed shift and scale to where the column's numbers lie on the real line, then exp for
 *                 positive ones, a sigmoid for bounded ones
 *
 * All of it is part of the spec, so that the flow's own space is that of the event: codes, shares of a range, multiples of a unit. A
 * schema of real columns leaves `spec` as it is.
 *
 * @param moments of the schema's columns
 */
export const compileFlow = (spec: FlowSpec, { columns }: Schema, moments: ReadonlyArray<Moments>): FlowSpec => {
  const ranges = columns.map(eventRange)
  if (ranges.every(range => range === 'real')) return spec
  const places = [...ranges.keys()]
  const codes = places.filter(j => ranges[j] === 'codes')
  const numbers = places.filter(j => ranges[j] !== 'codes')
  const bijector = onSupports(
    spec.bijector,
    numbers.map(j => ranges[j]!),
    numbers.map(j => moments[j]!),
  )
  if (codes.length === 0) return flow({ base: spec.base, bijector })
  const counts = codes.map(j => countOf(columns[j]!))
  const first = { size: codes.length, distribution: categorical(counts, { conditioner: mlp({ hidden: [32] }) }) }
  return flow({
    base: numbers.length === 0 ? first.distribution : product([first, { size: numbers.length, distribution: spec.base }]),
    bijector: givenCategories(counts, bijector, { places: codes }),
  })
}

const countOf = ({ kind }: ColumnSchema): number => (kind?._tag === 'categorical' ? kind.categories!.length : 0)

/** The bijector of real numbers, carried to where the columns' numbers lie. */
const onSupports = (bijector: BijectorSpec, ranges: ReadonlyArray<EventRange>, moments: ReadonlyArray<Moments>): BijectorSpec => {
  if (ranges.every(range => range === 'real')) return bijector
  const line = moments.map(({ mean, deviation }, j) =>
    ranges[j] === 'real' ? identity() : fixedAffine({ shift: rounded(mean), scale: rounded(deviation) }),
  )
  return chain(bijector, elementwise(each(line)), elementwise(each(ranges.map(mapOf))))
}

const mapOf = (range: EventRange): TransformerSpec =>
  range === 'positive' ? exp() : range === 'unit' ? sigmoid({ low: 0, high: 1 }) : identity()

/** Digits beyond these are noise, and make a spec hard to read. */
const rounded = (x: number): number => Number(x.toPrecision(6))
