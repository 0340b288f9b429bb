import type { Emit } from '../emit.ts'
import { broadcastShape } from '../emit.ts'
import type { Value } from '../program.ts'
import { sizeOf } from '../shape.ts'
import { activate } from './activations.ts'
import type { Lowering, Lowerings } from './lowering.ts'

/** A product of matrices whose batch axes broadcast. */
const matmul = (emit: Emit, a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value => {
  const [batchA, batchB] = [emit.shape(a).slice(0, -2), emit.shape(b).slice(0, -2)]
  const batch = broadcastShape(batchA, batchB)
  const product = (x: Value, y: Value): Value => emit.node({ op: 'matmul', transposeA, transposeB }, x, y)
  // one right matrix for all: the rows of all the batch are one matrix
  if (sizeOf(batchB) === 1 && batch.length > 0 && !transposeA) {
    const rows = emit.shape(a)
    const matrix = emit.reshape(b, emit.shape(b).slice(-2))
    const flat = product(emit.reshape(a, [sizeOf(rows.slice(0, -1)), rows.at(-1)!]), matrix)
    return emit.reshape(flat, [...batch, rows.at(-2)!, emit.shape(flat)[1]!])
  }
  const spread = (x: Value): Value => emit.broadcastTo(x, [...batch, ...emit.shape(x).slice(-2)])
  return product(spread(a), spread(b))
}

const fused: Lowering = ({ emit, attrs, input, optional }) => {
  const product = matmul(emit, input('a'), input('b'), attrs['transposeA'] === true, attrs['transposeB'] === true)
  const bias = optional('bias')
  const biased = bias === undefined ? product : emit.binary('add', product, bias)
  const alpha = attrs['leakyreluAlpha'] as number | undefined
  return activate(
    emit,
    attrs['activation'],
    biased,
    optional('preluActivationWeights') ?? (alpha === undefined ? undefined : emit.like(biased, alpha)),
  )
}

export const products: Lowerings = {
  BatchMatMul: ({ emit, attrs, input }) => matmul(emit, input('a'), input('b'), attrs['transposeA'] === true, attrs['transposeB'] === true),
  _FusedMatMul: fused,
}
