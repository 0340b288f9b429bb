import type { FlowSpec } from '@diffeo/core'

/** A flow in words. */
export interface FlowDescription {
  /** 'neural spline flow', 'RealNVP', ..., or 'flow' where it is none of the known ones. */
  readonly name: string
  /** Its layers, transformers and networks. */
  readonly detail: string
}

/** What kind of flow a spec is, and what of. Tags of a user's own are named as they are. */
export const describeFlow = (spec: FlowSpec): FlowDescription => {
  const layers = layersOf(spec.bijector, 1)
  // what only carries numbers to the columns' supports is no layer of the flow
  const moving = layers.filter(({ tag, onSupports }) => tag !== 'permute' && tag !== 'reverse' && !onSupports)
  return { name: nameOf(spec, moving), detail: groups(moving).join('; ') || 'no layers' }
}

interface Layer {
  readonly tag: string
  readonly times: number
  readonly transformer: string
  readonly onSupports: boolean
  readonly detail: string
}

type Node = { readonly [field: string]: unknown }

const isNode = (u: unknown): u is Node => typeof u === 'object' && u !== null && !Array.isArray(u)

const tagOf = (u: unknown): string => (isNode(u) && typeof u['_tag'] === 'string' ? u['_tag'] : '?')

/** The layers of a bijector's spec in order; a repeated one once, with how often. */
const layersOf = (u: unknown, times: number): ReadonlyArray<Layer> => {
  if (!isNode(u)) return []
  switch (u['_tag']) {
    case 'chain':
      return Array.isArray(u['bijectors']) ? u['bijectors'].flatMap(inner => layersOf(inner, times)) : []
    case 'invert':
    case 'givenCategories':
      return layersOf(u['bijector'], times)
    case 'repeat':
      return layersOf(u['bijector'], times * Number(u['times']))
    default:
      return [
        {
          tag: tagOf(u),
          times,
          transformer: tagOf(mainOf(u['transformer'])),
          onSupports: tagOf(u) === 'elementwise' && tagOf(u['transformer']) === 'each',
          detail: layerDetail(u),
        },
      ]
  }
}

const layerDetail = (u: Node): string => {
  const kind = tagOf(u) === 'autoregressive' ? 'masked autoregressive' : tagOf(u)
  const parts = [transformerDetail(u['transformer']), networkDetail(u['conditioner'])].filter(part => part !== '')
  return parts.length === 0 ? kind : `${kind} (${parts.join(', ')})`
}

/** Of a transformer for each dimension the one that is no map of angles. */
const mainOf = (u: unknown): unknown => {
  if (!isNode(u) || u['_tag'] !== 'each' || !Array.isArray(u['transformers'])) return u
  const each: ReadonlyArray<unknown> = u['transformers']
  return each.find(transformer => tagOf(transformer) !== 'circularSpline') ?? each[0]
}

const transformerDetail = (u: unknown): string => {
  if (!isNode(u)) return ''
  if (u['_tag'] === 'each') return `${transformerDetail(mainOf(u))}, angles on circles`
  if (u['_tag'] === 'rationalQuadratic') return `rational-quadratic splines of ${String(u['bins'])} bins on ±${String(u['bound'])}`
  return tagOf(u)
}

const networkDetail = (u: unknown): string => {
  if (!isNode(u)) return ''
  if (u['_tag'] === 'periodic') return networkDetail(u['network'])
  if (Array.isArray(u['hidden'])) return `${tagOf(u)} of ${u['hidden'].join(' × ') || 'no'} hidden units`
  return u['width'] === undefined ? tagOf(u) : `${tagOf(u)} of ${String(u['blocks'])} blocks, ${String(u['width'])} wide`
}

const groups = (layers: ReadonlyArray<Layer>): ReadonlyArray<string> => {
  const counts = new Map<string, number>()
  for (const { detail, times } of layers) counts.set(detail, (counts.get(detail) ?? 0) + times)
  return [...counts].map(([detail, times]) => `${times} × ${detail}`)
}

/** Whether the layers of a flow are inverted, looking past what a table puts around them. */
const isInverted = (u: unknown): boolean => {
  if (!isNode(u)) return false
  if (u['_tag'] === 'givenCategories') return isInverted(u['bijector'])
  const first: unknown = u['_tag'] === 'chain' && Array.isArray(u['bijectors']) ? u['bijectors'][0] : undefined
  return first === undefined ? u['_tag'] === 'invert' : isInverted(first)
}

const nameOf = (spec: FlowSpec, layers: ReadonlyArray<Layer>): string => {
  const tags = new Set<string>(layers.map(({ tag }) => tag).filter(tag => tag === 'coupling' || tag === 'autoregressive'))
  const transformers = new Set(layers.filter(({ tag }) => tags.has(tag)).map(({ transformer }) => transformer))
  if (tags.size !== 1 || transformers.size !== 1) return 'flow'
  const [coupling, transformer] = [tags.has('coupling'), [...transformers][0]]
  const inverted = isInverted(spec.bijector)
  if (transformer === 'rationalQuadratic') return coupling ? 'neural spline flow' : 'autoregressive neural spline flow'
  if (transformer === 'affine') return coupling ? 'RealNVP' : inverted ? 'masked autoregressive flow' : 'inverse autoregressive flow'
  return transformer === 'additive' && coupling ? 'NICE flow' : 'flow'
}
