/**
 * Draws the pictures of docs/theory-and-experiment.md: `node --import tsx docs/figures/draw.ts`. Seeded: the same machine gives the
 * same bytes.
 */
import * as Plot from '@observablehq/plot'
import { affine, build, destandardize, elementwise, fit, flow, key, nsf, planar, readTable, standardNormal } from 'diffeo'
import { scalar, tensor1d, tensor3d } from '@tensorflow/tfjs-core'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cellsOf, type Cell } from './cells.ts'
import { histogram, tiles } from './histogram.ts'
import { chart, picture, type Panel } from './svg.ts'
import { logMap, mixedMap } from './worked-examples.ts'

const [blue, vermilion] = ['#0072B2', '#D55E00']
const phi = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)
const range = (low: number, high: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1))

const save = (name: string, svg: string): void => writeFileSync(fileURLToPath(new URL(`${name}.svg`, import.meta.url)), svg)

const bars = (values: ArrayLike<number>, interval: { readonly low: number; readonly high: number }, cells: number): Plot.Markish =>
  Plot.rectY([...histogram(values, interval, cells)], { x1: 'low', x2: 'high', y: 'density', fill: blue, fillOpacity: 0.35, inset: 0.25 })

const curve = (density: (x: number) => number, { low, high }: { readonly low: number; readonly high: number }): Plot.Markish =>
  Plot.line(
    range(low, high, 241).map(x => ({ x, y: density(x) })),
    { x: 'x', y: 'y', stroke: vermilion, strokeWidth: 2 },
  )

const columnOf = (pairs: Float32Array, at: number): Float32Array => pairs.filter((_, i) => i % 2 === at)

/** x = 2 z + 5: N(5, 2). */
const normal = (): string => {
  const f = build(flow({ base: standardNormal(), bijector: elementwise(affine({ scale: 'exp' })) }), { event: [1] })
  const params = { base: {}, bijector: { theta: tensor3d([[[5, Math.log(2)]]]), transformer: {} } }
  const samples = f.sample(params, key(0), 20_000).dataSync<'float32'>()
  const interval = { low: -3, high: 13 }
  const panel = chart({
    width: 620,
    height: 260,
    marginLeft: 45,
    x: { label: 'x', domain: [interval.low, interval.high] },
    y: { label: 'density', grid: true },
    marks: [bars(samples, interval, 64), curve(x => phi((x - 5) / 2) / 2, interval), Plot.ruleY([0])],
  })
  return picture('20,000 samples of x = 2 z + 5 under the density of N(5, 2)', [
    { title: 'x = 2 z + 5: 20,000 samples (bars) and the density of N(5, 2) (line)', panel },
  ])
}

/** The part of the plane that is shown. */
interface Region {
  readonly x: readonly [number, number]
  readonly y: readonly [number, number]
}

/** A two-dimensional histogram of samples under contours of the formula. */
const plane = (pairs: Float32Array, density: (x1: number, x2: number) => number, { x, y }: Region): Panel => {
  const counted = tiles(pairs, { low: x[0], high: x[1], cells: 36 }, { low: y[0], high: y[1], cells: 36 })
  const value = (a: unknown, b: unknown): number => density(a as number, b as number) // Plot's types leave the arguments open
  return chart({
    width: 380,
    height: 330,
    marginLeft: 45,
    x: { label: 'x1', domain: [...x] },
    y: { label: 'x2', domain: [...y] },
    color: { scheme: 'blues', domain: [0, 0.95 * Math.max(...counted.map(tile => tile.density))] },
    marks: [
      Plot.rect([...counted], { x1: t => t.x.low, x2: t => t.x.high, y1: t => t.y.low, y2: t => t.y.high, fill: 'density' }),
      Plot.contour({
        value: value as never,
        fill: 'none',
        stroke: vermilion,
        strokeWidth: 1.2,
        thresholds: [0.005, 0.02, 0.05, 0.1, 0.15, 0.25],
        x1: x[0],
        x2: x[1],
        y1: y[0],
        y2: y[1],
        pixelSize: 2,
        clip: true,
      }),
      Plot.frame({ stroke: '#ccc' }),
    ],
  })
}

const marginal = (
  values: Float32Array,
  density: (x: number) => number,
  interval: { readonly low: number; readonly high: number },
  label: string,
): Panel =>
  chart({
    width: 300,
    height: 330,
    marginLeft: 45,
    x: { label, domain: [interval.low, interval.high] },
    y: { label: 'density', grid: true },
    marks: [bars(values, interval, 48), curve(density, interval), Plot.ruleY([0])],
  })

/** z1 = ln x1, z2 = x2 - 2 ln x1. */
const logarithm = (): string => {
  const pairs = logMap.sample({ base: {}, bijector: {} }, key(0), 200_000).dataSync<'float32'>()
  const density = (x1: number, x2: number): number => (phi(Math.log(x1)) * phi(x2 - 2 * Math.log(x1))) / x1
  const region = { x: [0.02, 4], y: [-6, 5] } as const
  return picture('200,000 samples against the formula phi(ln x1) phi(x2 - 2 ln x1) / x1', [
    { title: 'samples (cells), phi(z1) phi(z2) / x1 (contours)', panel: plane(pairs, density, region) },
    { title: 'x1: phi(ln x1) / x1', panel: marginal(columnOf(pairs, 0), logNormal(1), { low: 0, high: 5 }, 'x1') },
    { title: 'x2: N(0, sqrt 5)', panel: marginal(columnOf(pairs, 1), normalOf(Math.sqrt(5)), { low: -8, high: 8 }, 'x2') },
  ])
}

/** z1 = ln x1 + 0.5 x2, z2 = x2 - 2 ln x1: ln x1 = z1 / 2 - z2 / 4 and x2 = z1 + z2 / 2 are normal. */
const mixed = (): string => {
  const pairs = mixedMap.sample({ base: {}, bijector: {} }, key(0), 200_000).dataSync<'float32'>()
  const density = (x1: number, x2: number): number => (2 * phi(Math.log(x1) + 0.5 * x2) * phi(x2 - 2 * Math.log(x1))) / x1
  const region = { x: [0.02, 3.5], y: [-3.5, 3.5] } as const
  return picture('200,000 samples against the formula 2 phi(ln x1 + 0.5 x2) phi(x2 - 2 ln x1) / x1', [
    { title: 'samples (cells), 2 phi(z1) phi(z2) / x1 (contours)', panel: plane(pairs, density, region) },
    { title: 'x1: ln x1 is N(0, sqrt 5 / 4)', panel: marginal(columnOf(pairs, 0), logNormal(Math.sqrt(5) / 4), { low: 0, high: 4 }, 'x1') },
    { title: 'x2: N(0, sqrt 5 / 2)', panel: marginal(columnOf(pairs, 1), normalOf(Math.sqrt(5) / 2), { low: -4, high: 4 }, 'x2') },
  ])
}

const normalOf =
  (deviation: number) =>
  (x: number): number =>
    phi(x / deviation) / deviation

const logNormal =
  (deviation: number) =>
  (x: number): number =>
    x > 0 ? normalOf(deviation)(Math.log(x)) / x : 0

/** Outlines of cells, coloured by their probability. */
const grid = (
  cells: ReadonlyArray<Cell>,
  outline: (cell: Cell) => ReadonlyArray<readonly [number, number]>,
  axes: { readonly x: Plot.ScaleOptions; readonly y: Plot.ScaleOptions },
  more: ReadonlyArray<Plot.Markish> = [],
): Panel => {
  const points = cells.flatMap(cell =>
    outline(cell).map(([x, y]) => ({ x, y, name: cell.name, probability: cell.probability, marked: cell.marked })),
  )
  const closed = { x: 'x', y: 'y', z: 'name', curve: 'linear-closed' } as const
  return chart({
    width: 430,
    height: 400,
    marginLeft: 45,
    ...axes,
    color: { scheme: 'blues', domain: [0, Math.max(...cells.map(({ probability }) => probability)) * 1.15] },
    marks: [
      Plot.line(points, { ...closed, fill: 'probability', stroke: '#8fa3b8', strokeWidth: 0.5 }),
      ...more,
      Plot.line(
        points.filter(({ marked }) => marked),
        { ...closed, fill: 'none', stroke: vermilion, strokeWidth: 2.5 },
      ),
    ],
  })
}

/** A square of probability and its image. */
const square = (): string => {
  const cells = cellsOf(mixedMap, { base: {}, bijector: {} }, { bound: 2.5, count: 10, marked: [7, 6] })
  return picture('Cells of the base, coloured by their probability, and their images', [
    { title: 'base: z1, z2', panel: grid(cells, ({ base }) => base, { x: { label: 'z1' }, y: { label: 'z2' } }) },
    {
      title: 'data: each image holds the probability of its cell',
      panel: grid(cells, ({ data }) => data, { x: { label: 'x1' }, y: { label: 'x2' } }),
    },
  ])
}

/** x1 = z1 + tanh 5 z1: a planar map that cuts the plane along z1 = 0. */
const planarMap = (): string => {
  const f = build(flow({ base: standardNormal(), bijector: planar() }), { event: [2] })
  const params = { base: {}, bijector: { w: tensor1d([5, 0]), u: tensor1d([1, 0]), b: scalar(0) } }
  const cells = cellsOf(f, params, { bound: 2.5, count: 14 })
  const z1 = { label: 'z1', domain: [-3.6, 3.6] }
  return picture('Cells of the base and their images under x1 = z1 + tanh 5 z1', [
    { title: 'base: z1, z2', panel: grid(cells, ({ base }) => base, { x: z1, y: { label: 'z2' } }) },
    {
      title: 'data: x1 = z1 + tanh 5 z1, x2 = z2',
      panel: grid(cells, ({ data }) => data, { x: { ...z1, label: 'x1' }, y: { label: 'x2' } }),
    },
  ])
}

/** The same through a flow that was fitted to Old Faithful. */
const geyser = async (): Promise<string> => {
  const table = await readTable(fileURLToPath(new URL('../data/faithful.csv', import.meta.url)))
  const model = await fit(table, {
    flow: nsf({ layers: 4, hidden: [32, 32] }),
    steps: 400,
    learningRate: 4e-3,
    seed: 1,
    baselines: false,
    calibration: false,
  })
  const cells = cellsOf(model.flow, model.params, { bound: 3, count: 12 })
  const inUnits = (points: Cell['data']): Cell['data'] =>
    points.map(point => {
      const [x, y] = destandardize(model.schema, point)
      return [x!, y!]
    })
  const rows: Array<{ readonly eruption: number; readonly waiting: number }> = []
  for await (const { values } of table.chunks())
    for (let i = 0; i < values.length; i += 2) rows.push({ eruption: values[i]!, waiting: values[i + 1]! })
  return picture('Cells of the base, and their images under a flow fitted to Old Faithful', [
    { title: 'base: z1, z2', panel: grid(cells, ({ base }) => base, { x: { label: 'z1' }, y: { label: 'z2' } }) },
    {
      title: 'data: eruptions and waiting times (dots)',
      panel: grid(
        cells,
        ({ data }) => inUnits(data),
        { x: { label: 'eruption (min)', domain: [1, 6] }, y: { label: 'waiting (min)', domain: [35, 105] } },
        [Plot.dot(rows, { x: 'eruption', y: 'waiting', r: 1.6, fill: vermilion, fillOpacity: 0.8 })],
      ),
    },
  ])
}

save('normal', normal())
save('log-map', logarithm())
save('mixed-map', mixed())
save('square', square())
save('planar', planarMap())
save('geyser', await geyser())
