import { foldIn, type Key, permutation, uniformArray } from '@diffeo/core'
import { type Matrix, rowOf, selectRows } from '../matrix.ts'

/** How a classifier is trained. */
export interface ClassifierOptions {
  readonly key: Key
  /** Widths of the hidden layers. */
  readonly hidden: ReadonlyArray<number>
}

const learningRate = 5e-3
const batchRows = 100
const mostEpochs = 60
const patience = 8
const weightPenalty = 1e-4

/**
 * Trains a ReLU network with one logit to tell label 1 from label 0, and gives its logits as a function of rows. Glorot's uniform
 * start, Adam, log-loss with a small weight penalty; a tenth of the rows is held out, and training stops when 8 epochs have not lowered
 * their loss (the best weights are kept).
 *
 * Plain typed arrays in float64 on purpose, not core's `mlp` under tfjs: a two-sample test must not depend on which backend is active,
 * and at this size a tfjs step is nearly all dispatch. Units that ReLU switched off are skipped in both passes.
 */
export const trainClassifier = (
  rows: Matrix,
  labels: ArrayLike<number>,
  { key, hidden }: ClassifierOptions,
): ((queries: Matrix) => Float64Array) => {
  const network = networkOf([rows.columns, ...hidden, 1])
  const parameters = glorot(foldIn(key, 0), network)
  const gradient = new Float64Array(parameters.length)
  const descend = adam(parameters.length)
  const order = permutation(foldIn(key, 1), rows.rows)
  const held = order.subarray(0, Math.ceil(rows.rows / 10))
  const kept = order.subarray(held.length)
  const heldRows = selectRows(rows, held)
  let best = { loss: Infinity, epoch: 0, parameters: Float64Array.from(parameters) }
  for (let epoch = 0; epoch < mostEpochs && epoch - best.epoch <= patience; epoch++) {
    const shuffled = permutation(foldIn(key, 2 + epoch), kept.length)
    for (let start = 0; start < kept.length; start += batchRows) {
      const end = Math.min(start + batchRows, kept.length)
      gradient.fill(0)
      for (let i = start; i < end; i++) {
        const row = kept[shuffled[i]!]!
        accumulate(network, parameters, rowOf(rows, row), labels[row]!, gradient)
      }
      for (let p = 0; p < gradient.length; p++) gradient[p] = gradient[p]! / (end - start) + weightPenalty * parameters[p]!
      descend(parameters, gradient)
    }
    const logits = logitsOf(network, parameters, heldRows)
    const loss = logits.reduce((sum, logit, i) => sum + logLoss(logit, labels[held[i]!]!), 0)
    if (loss < best.loss) best = { loss, epoch, parameters: Float64Array.from(parameters) }
  }
  return queries => logitsOf(network, best.parameters, queries)
}

/** A dense layer: weights [inputs, outputs] at `weights` in the parameter vector, biases [outputs] after them, and its working memory. */
interface Layer {
  readonly inputs: number
  readonly outputs: number
  readonly weights: number
  readonly biases: number
  readonly activation: Float64Array
  readonly delta: Float64Array
}

const networkOf = (sizes: ReadonlyArray<number>): ReadonlyArray<Layer> => {
  let offset = 0
  return sizes.slice(1).map((outputs, i) => {
    const inputs = sizes[i]!
    const weights = offset
    const biases = weights + inputs * outputs
    offset = biases + outputs
    return { inputs, outputs, weights, biases, activation: new Float64Array(outputs), delta: new Float64Array(outputs) }
  })
}

const glorot = (key: Key, network: ReadonlyArray<Layer>): Float64Array => {
  const last = network.at(-1)!
  const parameters = new Float64Array(last.biases + last.outputs)
  network.forEach(({ inputs, outputs, weights }, i) => {
    const bound = Math.sqrt(6 / (inputs + outputs))
    parameters.set(uniformArray(foldIn(key, i), inputs * outputs, { low: -bound, high: bound }), weights)
  })
  return parameters
}

/** The logit of one row; leaves each layer's output in its `activation`. */
const forward = (network: ReadonlyArray<Layer>, parameters: Float64Array, row: Float64Array | Float32Array): number => {
  let input = row
  for (const layer of network) {
    const { inputs, outputs, weights, biases, activation } = layer
    for (let j = 0; j < outputs; j++) activation[j] = parameters[biases + j]!
    for (let k = 0; k < inputs; k++) {
      const x = input[k]!
      if (x === 0) continue
      const line = weights + k * outputs
      for (let j = 0; j < outputs; j++) activation[j]! += x * parameters[line + j]!
    }
    if (layer !== network.at(-1)) for (let j = 0; j < outputs; j++) if (activation[j]! < 0) activation[j] = 0
    input = activation
  }
  return input[0]!
}

/** Adds the gradient of one row's log-loss. */
const accumulate = (
  network: ReadonlyArray<Layer>,
  parameters: Float64Array,
  row: Float64Array | Float32Array,
  label: number,
  gradient: Float64Array,
): void => {
  const logit = forward(network, parameters, row)
  network.at(-1)!.delta[0] = 1 / (1 + Math.exp(-logit)) - label
  for (let at = network.length - 1; at >= 0; at--) {
    const { inputs, outputs, weights, biases, delta } = network[at]!
    const before = at > 0 ? network[at - 1]! : undefined
    const input = before?.activation ?? row
    for (let j = 0; j < outputs; j++) gradient[biases + j]! += delta[j]!
    for (let k = 0; k < inputs; k++) {
      const x = input[k]!
      if (before !== undefined) before.delta[k] = 0
      if (x === 0) continue
      const line = weights + k * outputs
      let back = 0
      for (let j = 0; j < outputs; j++) {
        const dj = delta[j]!
        gradient[line + j]! += x * dj
        back += parameters[line + j]! * dj
      }
      if (before !== undefined) before.delta[k] = back
    }
  }
}

const logitsOf = (network: ReadonlyArray<Layer>, parameters: Float64Array, rows: Matrix): Float64Array =>
  Float64Array.from({ length: rows.rows }, (_, i) => forward(network, parameters, rowOf(rows, i)))

/** log(1 + exp(-+ logit)), without overflow. */
const logLoss = (logit: number, label: number): number => Math.max(logit, 0) - logit * label + Math.log1p(Math.exp(-Math.abs(logit)))

/** Adam (Kingma and Ba 2015) on one vector, which it changes in place. */
const adam = (size: number): ((parameters: Float64Array, gradient: Float64Array) => void) => {
  const [b1, b2, eps] = [0.9, 0.999, 1e-8]
  const mu = new Float64Array(size)
  const nu = new Float64Array(size)
  let [p1, p2] = [1, 1]
  return (parameters, gradient) => {
    p1 *= b1
    p2 *= b2
    for (let i = 0; i < size; i++) {
      const g = gradient[i]!
      mu[i] = b1 * mu[i]! + (1 - b1) * g
      nu[i] = b2 * nu[i]! + (1 - b2) * g * g
      parameters[i]! -= (learningRate * (mu[i]! / (1 - p1))) / (Math.sqrt(nu[i]! / (1 - p2)) + eps)
    }
  }
}
