import { defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax'
import { normalArray, uniformArray, key } from '@diffeo/core'
import type { Contestant, Task, Work } from '../work.ts'
import { splineForward } from './jax-js-spline.ts'

/** y = x w + b. */
type Layer = { w: np.Array; b: np.Array }
/** The layers of the conditioner of each coupling. */
type Couplings = Layer[][]
/** Adam's moments and number of steps. */
type Moments = { mu: Couplings; nu: Couplings; count: np.Array }
/** The two halves of a batch; couplings read one and move the other, so nothing has to be put together. */
type Halves = { a: np.Array; b: np.Array }

/** theta of a half's dimensions moves it: what comes out, and the log-derivative summed over the dimensions, [N, 1]. */
type Move = (theta: np.Array, x: np.Array) => { readonly y: np.Array; readonly logDet: np.Array }

/** The affine map with zuko's bounded log-scale, data to base: (x - shift) exp(-s). */
const affineMove: Move = (theta, x) => {
  const [shift, raw] = np.split(theta, 2, 1) as [np.Array, np.Array]
  const s = raw.ref.div(np.abs(raw).div(-Math.log(1e-3)).add(1))
  return { y: x.sub(shift).mul(np.exp(s.ref.neg())), logDet: np.sum(s, 1, { keepdims: true }).neg() }
}

const network = (layers: Layer[], x: np.Array): np.Array =>
  layers.reduce((h, { w, b }, i) => {
    const y = np.matmul(h, w).add(b)
    return i === layers.length - 1 ? y : nn.relu(y)
  }, x)

/** The mean of -log N(z; 0, I) - logDet. */
const lossOf =
  (move: Move) =>
  (couplings: Couplings, { a, b }: Halves): np.Array => {
    const dim = 2 * a.shape[1]!
    const end = couplings.reduce<{ read: np.Array; moved: np.Array; logDet: np.Array }>(
      ({ read, moved, logDet }, layers) => {
        const { y, logDet: change } = move(network(layers, read.ref), moved)
        return { read: y, moved: read, logDet: logDet.add(change) }
      },
      { read: a, moved: b, logDet: np.zeros([1, 1]) },
    )
    const squares = np.sum(np.square(end.read), 1, { keepdims: true }).add(np.sum(np.square(end.moved), 1, { keepdims: true }))
    return np.mean(
      squares
        .mul(0.5)
        .add(0.5 * dim * Math.log(2 * Math.PI))
        .sub(end.logDet),
    )
  }

const [b1, b2, learningRate, eps] = [0.9, 0.999, 1e-3, 1e-8]

/** Loss, gradient and Adam's update as one compiled function. */
const trainingStep = (move: Move) =>
  jit((params: Couplings, { mu, nu, count }: Moments, batch: Halves): [Couplings, Moments, np.Array] => {
    const [loss, grads] = valueAndGrad(lossOf(move))(tree.ref(params), batch) as unknown as [np.Array, Couplings]
    const t = count.add(1)
    const nextMu = tree.map((m: np.Array, g: np.Array) => m.mul(b1).add(g.mul(1 - b1)), mu, tree.ref(grads)) as Couplings
    const nextNu = tree.map((v: np.Array, g: np.Array) => v.mul(b2).add(np.square(g).mul(1 - b2)), nu, grads) as Couplings
    const [muScale, nuScale] = [b1, b2].map(b => np.exp(t.ref.mul(Math.log(b))).neg().add(1)) as [np.Array, np.Array] // prettier-ignore
    const updated = tree.map(
      (p: np.Array, m: np.Array, v: np.Array) =>
        p.sub(
          m
            .div(muScale.ref)
            .mul(learningRate)
            .div(np.sqrt(v.div(nuScale.ref)).add(eps)),
        ),
      params,
      tree.ref(nextMu),
      tree.ref(nextNu),
    ) as Couplings
    muScale.dispose()
    nuScale.dispose()
    return [updated, { mu: nextMu, nu: nextNu, count: t }, loss]
  })

const initial = (work: Work, outputs: number): Couplings => {
  const widths = [work.dim / 2, ...work.hidden, outputs]
  return Array.from({ length: work.layers }, (_, i) =>
    work.hidden.concat(outputs).map((width, j) => {
      const [input, at] = [widths[j]!, key(100 * i + j)]
      const bound = (j === work.hidden.length ? 0.1 : 1) / Math.sqrt(input)
      return {
        w: np.array(uniformArray(at, input * width, { low: -bound, high: bound }) as Float32Array<ArrayBuffer>).reshape([input, width]),
        b: np.zeros([width]),
      }
    }),
  )
}

const batchOf = ({ rows, dim }: Work): Halves => {
  const half = (seed: number): np.Array =>
    np.array(normalArray(key(seed), (rows * dim) / 2) as Float32Array<ArrayBuffer>).reshape([rows, dim / 2])
  return { a: half(7), b: half(8) }
}

/** W1 and W2 by hand in jax-js: jitted, on its WebAssembly device. */
export const jaxJs: Contestant = async work => {
  if (work.job !== 'step' || work.repeated === true) return undefined
  if (work.model !== 'affineCoupling' && work.model !== 'splineCoupling') return undefined
  await init('wasm')
  defaultDevice('wasm')
  const affine = work.model === 'affineCoupling'
  return stepsOf(work, affine ? affineMove : splineForward, (work.dim / 2) * (affine ? 2 : 23))
}

const stepsOf = (work: Work, move: Move, outputs: number): Task => {
  const params = initial(work, outputs)
  const zeros = (): Couplings => tree.map((leaf: np.Array) => np.zeros([...leaf.shape]), params) as Couplings
  const shapes = (tree.leaves(params) as np.Array[]).map(leaf => leaf.shape)
  const batch = batchOf(work)
  const step = trainingStep(move)
  const at: { params: Couplings; moments: Moments; value?: number } = { params, moments: { mu: zeros(), nu: zeros(), count: np.array(0) } }
  const sizeOf = (shape: number[]): number => shape.reduce((n, size) => n * size, 1)
  const run = (): void => {
    const [next, moments, loss] = step(at.params, at.moments, tree.ref(batch)) as [Couplings, Moments, np.Array]
    const value = loss.dataSync()[0]!
    at.params = next
    at.moments = moments
    at.value ??= value
  }
  return {
    run,
    facts: () => ({
      parameters: shapes.reduce((n, shape) => n + sizeOf(shape), 0),
      multiplyAdds: shapes.filter(shape => shape.length === 2).reduce((n, shape) => n + sizeOf(shape), 0),
      value: at.value!,
    }),
  }
}
