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
  uniformCircle,
} from '@diffeo/core'
import type { BijectorSpec, DistributionSpec, FlowSpec, ProductSpec, TransformerSpec } from '@diffeo/core'
import type { ColumnSchema, Schema } from '../data/schema.ts'
import { withAngles } from './circular.ts'
import type { Turned } from './circular.ts'
import { eventRange } from './latent.ts'
import type { EventRange, Moments } from './latent.ts'

/**
 * The flow of a table: what `spec` is of real vectors, on the columns of a schema.
 *
 *   categories    the base draws them first, exactly; the flow of the numbers is conditioned on them, one-hot
 *   numbers       behind the flow's layers a fixed shift and scale to where the column's numbers lie on the real line, then exp for
 *                 positive ones, a sigmoid for bounded ones
 *   angles        uniform in the base, and splines of the circle in the layers, whose networks read cosines and sines
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
  const own = numbers.map(j => ranges[j]!)
  const layers = turnedLayers(
    spec,
    own.map(range => range === 'circle'),
  )
  const bijector = onSupports(
    layers.spec,
    own,
    numbers.map(j => moments[j]!),
  )
  const parts = baseParts(spec.base, layers.layout)
  if (codes.length === 0) return flow({ base: parts.length === 1 ? parts[0]!.distribution : product(parts), bijector })
  const counts = codes.map(j => countOf(columns[j]!))
  const first = { size: codes.length, distribution: categorical(counts, { conditioner: mlp({ hidden: [32] }) }) }
  return flow({
    base: numbers.length === 0 ? first.distribution : product([first, ...parts]),
    bijector: givenCategories(counts, bijector, { places: codes }),
  })
}

/** The layers of the flow, with splines of the circle where angles go through them. */
const turnedLayers = ({ bijector }: FlowSpec, angles: ReadonlyArray<boolean>): Turned => {
  if (!angles.includes(true)) return { spec: bijector, layout: angles }
  const layers = withAngles(bijector, angles)
  if (layers === undefined) throw new TypeError('compileFlow: expected layers of rational-quadratic splines for angles, got others')
  return layers
}

/** The base of the numbers, dimension by dimension: uniform for angles, the flow's own for the others that stand side by side. */
const baseParts = (base: DistributionSpec, angles: ReadonlyArray<boolean>): ProductSpec['parts'] => {
  const starts = [...angles.keys()].filter(i => i === 0 || angles[i] !== angles[i - 1])
  return starts.map((start, k) => ({
    size: (starts[k + 1] ?? angles.length) - start,
    distribution: angles[start] ? uniformCircle() : base,
  }))
}

const countOf = ({ kind }: ColumnSchema): number => (kind?._tag === 'categorical' ? kind.categories!.length : 0)

/** The bijector of real numbers, carried to where the columns' numbers lie. */
const onSupports = (bijector: BijectorSpec, ranges: ReadonlyArray<EventRange>, moments: ReadonlyArray<Moments>): BijectorSpec => {
  if (ranges.every(range => range === 'real')) return bijector
  if (ranges.every(range => range === 'circle')) return bijector
  const line = moments.map(({ mean, deviation }, j) =>
    ranges[j] === 'real' || ranges[j] === 'circle' ? mapOf(ranges[j]!) : fixedAffine({ shift: rounded(mean), scale: rounded(deviation) }),
  )
  return chain(bijector, elementwise(each(line)), elementwise(each(ranges.map(mapOf))))
}

const mapOf = (range: EventRange): TransformerSpec =>
  range === 'positive'
    ? exp()
    : range === 'unit'
      ? sigmoid({ low: 0, high: 1 })
      : identity(range === 'circle' ? { support: { _tag: 'circle' } } : {})

/** Digits beyond these are noise, and make a spec hard to read. */
const rounded = (x: number): number => Number(x.toPrecision(6))
