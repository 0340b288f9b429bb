/** Points in the plane, row-major [N, 2]. */
export type Points = Float64Array

/** A data set to pick: its name, and points of it. */
export interface DataSet {
  readonly id: string
  readonly title: string
  readonly points: (n: number) => Points
}

/** Uniform numbers on [0, 1) from a seed (mulberry32): the same picture each time. */
const uniforms = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Normal numbers by Box and Muller. */
export const normals = (seed: number): (() => number) => {
  const uniform = uniforms(seed)
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}

type Sampler = (uniform: () => number, normal: () => number) => readonly [number, number]

const dataSet = (id: string, title: string, sample: Sampler): DataSet => ({
  id,
  title,
  points: n => {
    const [uniform, normal] = [uniforms(7), normals(11)]
    return Float64Array.from(Array.from({ length: n }, () => sample(uniform, normal)).flat())
  },
})

const pick = (uniform: () => number, n: number): number => Math.floor(n * uniform())

const twoMoons = dataSet('moons', 'Two moons', (uniform, normal) => {
  const angle = Math.PI * uniform()
  const [x, y] = uniform() < 0.5 ? [Math.cos(angle) - 0.5, Math.sin(angle) - 0.25] : [0.5 - Math.cos(angle), 0.25 - Math.sin(angle)]
  return [1.5 * x + 0.1 * normal(), 1.5 * y + 0.1 * normal()]
})

const rings = dataSet('rings', 'Rings', (uniform, normal) => {
  const radius = [0.7, 1.5, 2.3][pick(uniform, 3)]! + 0.08 * normal()
  const angle = 2 * Math.PI * uniform()
  return [radius * Math.cos(angle), radius * Math.sin(angle)]
})

const spirals = dataSet('spirals', 'Two spirals', (uniform, normal) => {
  const turn = Math.sqrt(uniform()) * 3 * Math.PI
  const side = uniform() < 0.5 ? 1 : -1
  const radius = 0.25 * turn
  return [side * radius * Math.cos(turn) + 0.08 * normal(), side * radius * Math.sin(turn) + 0.08 * normal()]
})

const pinwheel = dataSet('pinwheel', 'Pinwheel', (uniform, normal) => {
  const radius = 1.1 + 0.45 * normal()
  const across = 0.14 * normal()
  const angle = (2 * Math.PI * pick(uniform, 5)) / 5 + 0.7 * radius
  return [1.15 * (radius * Math.cos(angle) - across * Math.sin(angle)), 1.15 * (radius * Math.sin(angle) + across * Math.cos(angle))]
})

const eight = dataSet('eight', 'Eight bells', (uniform, normal) => {
  const angle = (2 * Math.PI * pick(uniform, 8)) / 8
  return [2.1 * Math.cos(angle) + 0.22 * normal(), 2.1 * Math.sin(angle) + 0.22 * normal()]
})

const checkerboard = dataSet('checkerboard', 'Checks', uniform => {
  const column = pick(uniform, 4)
  const row = 2 * pick(uniform, 2) + (column % 2)
  return [1.25 * (column - 2 + uniform()), 1.25 * (row - 2 + uniform())]
})

/** What there is to pick; the first is shown at first. */
export const dataSets: ReadonlyArray<DataSet> = [twoMoons, rings, spirals, pinwheel, eight, checkerboard]
