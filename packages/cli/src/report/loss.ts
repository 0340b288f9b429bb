import * as Plot from '@observablehq/plot'
import type { Epoch, FitRecord } from '@diffeo/train'
import { keyOf } from './key.ts'
import { ink } from './palette.ts'
import { arrange, draw, type Svg } from './svg.ts'

const [width, height] = [640, 336]

/** The losses of training and validation by epoch, with the epoch whose parameters were kept. Undefined where there was no epoch. */
export const lossPlot = ({ epochs, best }: Pick<FitRecord, 'epochs' | 'best'>): Svg | undefined => {
  if (epochs.length === 0) return undefined
  const validated = epochs.some(({ validation }) => Number.isFinite(validation))
  const kept = best === null ? [] : epochs.filter(({ epoch }) => epoch === best.epoch)
  const line = (name: 'train' | 'validation', stroke: string): Plot.Markish => {
    const drawn = epochs.filter(epoch => Number.isFinite(epoch[name]))
    const channels = { x: 'epoch', y: name, stroke }
    return epochs.length === 1 ? Plot.dot(drawn, channels) : Plot.lineY(drawn, { ...channels, strokeWidth: 1.8, clip: true })
  }
  const chart = draw({
    width,
    height,
    marginLeft: 56,
    marginBottom: 44,
    marginTop: 50,
    marginRight: 20,
    x: { domain: epochDomain(epochs), axis: null },
    y: { domain: [...lossDomain(epochs)], axis: null },
    marks: [
      Plot.gridY({ stroke: ink.grid, strokeOpacity: 1 }),
      Plot.axisX({
        label: 'epoch',
        labelAnchor: 'center',
        labelArrow: 'none',
        ticks: wholeTicks(epochs.length),
        tickFormat: 'd',
        fontSize: 11,
        labelOffset: 38,
      }),
      Plot.axisY({ label: 'loss (nats per row of standardized data; lower is better)', labelArrow: 'none', fontSize: 11, ticks: 6 }),
      Plot.ruleX(kept, { x: 'epoch', stroke: ink.quiet, strokeDasharray: '3,3' }),
      line('train', ink.data),
      ...(validated ? [line('validation', ink.samples)] : []),
      ...(validated ? [Plot.dot(kept, { x: 'epoch', y: 'validation', r: 4, fill: ink.samples })] : []),
      Plot.text(kept, {
        x: 'epoch',
        frameAnchor: 'top',
        dy: 6,
        dx: labelSide(kept[0], epochs) * 8,
        textAnchor: labelSide(kept[0], epochs) < 0 ? 'end' : 'start',
        text: ({ epoch }: Epoch) => `kept: epoch ${epoch}`,
        fontSize: 11,
      }),
    ],
  })
  const key = keyOf(
    [
      { label: 'training', colour: ink.data, mark: 'line' },
      ...(validated ? [{ label: 'validation', colour: ink.samples, mark: 'line' as const }] : []),
    ],
    100,
  )
  return arrange(width, height, [
    { svg: chart, x: 0, y: 0 },
    { svg: key, x: width - 116, y: 4 },
  ])
}

/** On which side of its line the label of the kept epoch has room. */
const labelSide = (kept: Epoch | undefined, epochs: ReadonlyArray<Epoch>): 1 | -1 =>
  kept !== undefined && kept.epoch - epochs[0]!.epoch > (epochs.at(-1)!.epoch - epochs[0]!.epoch) / 2 ? -1 : 1

const epochDomain = (epochs: ReadonlyArray<Epoch>): [number, number] => {
  const [first, last] = [epochs[0]!.epoch, epochs.at(-1)!.epoch]
  return first === last ? [first - 1, last + 1] : [first, last]
}

/** The first epochs of a long fit lie far above the rest: the axis shows what came after the first tenth of them. */
const lossDomain = (epochs: ReadonlyArray<Epoch>): readonly [number, number] => {
  const losses = (of: ReadonlyArray<Epoch>): ReadonlyArray<number> =>
    of.flatMap(({ train, validation }) => [train, validation]).filter(Number.isFinite)
  const low = Math.min(...losses(epochs))
  const high = Math.max(...losses(epochs.slice(Math.min(epochs.length - 1, Math.ceil(epochs.length / 10)))))
  const margin = high > low ? 0.06 * (high - low) : 0.5
  return [low - margin, high + margin]
}

const wholeTicks = (epochs: number): number => Math.max(1, Math.min(10, epochs - 1))
