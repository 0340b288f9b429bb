/** A point of the loss curve. */
export interface LossPoint {
  readonly step: number
  readonly train: number
  readonly validation: number
}

/** What a loss curve shows. */
export interface LossCurve {
  readonly points: ReadonlyArray<LossPoint>
  /** The steps that are planned: the width of the curve. */
  readonly steps: number
  /** The loss of a Gaussian. */
  readonly gaussian: number | undefined
}

const margin = { left: 44, right: 96, top: 10, bottom: 24 }

const element = (name: string, attributes: { readonly [name: string]: string | number }, text = ''): SVGElement => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, String(value)))
  made.textContent = text
  return made
}

/** Draws the curve: what it was trained on, what was held out, and a Gaussian's loss to compare with. */
export const drawLoss = (svg: SVGSVGElement, { points, steps, gaussian }: LossCurve): void => {
  const [width, height] = [svg.clientWidth, svg.clientHeight]
  const [low, high] = rangeOf(points, gaussian)
  const x = (step: number): number => margin.left + (step / Math.max(1, steps)) * (width - margin.left - margin.right)
  const y = (loss: number): number => margin.top + ((high - loss) / (high - low)) * (height - margin.top - margin.bottom)
  const right = width - margin.right
  const rules = ticks(low, high, 4).flatMap(value => [
    element('line', { class: 'rule', x1: margin.left, x2: right, y1: y(value), y2: y(value) }),
    element('text', { x: margin.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, value.toFixed(1)),
  ])
  const marks = ticks(0, steps, width < 480 ? 3 : 5).map(value =>
    element('text', { x: x(value), y: height - 6, 'text-anchor': 'middle' }, value.toLocaleString('en')),
  )
  const line = (name: string, value: (point: LossPoint) => number): SVGElement =>
    element('path', {
      class: name,
      d: points
        .map((point, k) => `${k === 0 ? 'M' : 'L'}${x(point.step).toFixed(1)} ${y(Math.min(high, value(point))).toFixed(1)}`)
        .join(''),
    })
  const last = points.at(-1)
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`)
  svg.replaceChildren(
    ...rules,
    ...marks,
    ...(gaussian === undefined
      ? []
      : [
          element('line', { class: 'gaussian', x1: margin.left, x2: right, y1: y(gaussian), y2: y(gaussian) }),
          element('text', { x: right + 6, y: y(gaussian) + 4 }, 'a Gaussian'),
        ]),
    line('training', point => point.train),
    line('held-out', point => point.validation),
    ...(last === undefined
      ? []
      : [element('text', { class: 'held-out', x: x(last.step) + 6, y: y(last.validation) + 4 }, `held out ${last.validation.toFixed(2)}`)]),
  )
}

/** From the lowest loss to a little above the Gaussian's: the first steps may be far above it. */
const rangeOf = (points: ReadonlyArray<LossPoint>, gaussian: number | undefined): readonly [number, number] => {
  const losses = points.flatMap(({ train, validation }) => [train, validation]).filter(Number.isFinite)
  const low = Math.min(...losses, (gaussian ?? 2.8) - 1)
  const high = gaussian === undefined ? Math.max(...losses, low + 1) : gaussian + 0.2
  return [low - 0.06 * (high - low), high]
}

/** Round values between two ends, about so many. */
const ticks = (low: number, high: number, count: number): ReadonlyArray<number> => {
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map(m => m * power).find(size => size >= rough)!
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => (first + k) * step)
}
