import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { checkNumbers, locationScale, univariateDistribution } from './univariate.ts'
import type { Standard } from './univariate.ts'

/** What the specs of densities that are moved and widened hold. */
export type LocationScaleSpec<Tag extends string> = DistributionSpec & {
  readonly _tag: Tag
  readonly location: number
  readonly scale: number
  readonly trained: boolean
}

/** Where such a density starts, or stays where it is not trained. */
export interface LocationScaleOptions {
  readonly location?: number
  readonly scale?: number
  readonly trained?: boolean
}

/** The spec of a tag. */
export const locationScaleSpec = <Tag extends string>(
  _tag: Tag,
  { location = 0, scale = 1, trained = true }: LocationScaleOptions,
): LocationScaleSpec<Tag> => ({ _tag, location, scale, trained })

/** The entry of a tag. */
export const locationScaleEntry = <Tag extends string>(tag: Tag, standard: Standard): DistributionEntry<LocationScaleSpec<Tag>> => ({
  tag,
  build: (spec, site) => {
    checkNumbers(site, { real: { location: spec.location }, positive: { scale: spec.scale } })
    return univariateDistribution(spec, site.shape, locationScale(standard, spec))
  },
})
