import { engine, getKernel, registerKernel, tensor } from '@tensorflow/tfjs-core'
import type { NamedAttrMap, NamedTensorMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { isolated } from '../autodiff/isolated.ts'
import { ensureRules } from '../autodiff/rules.ts'
import { handle, tidy } from '../tensor.ts'
import { activeBackend } from './active-backend.ts'
import { ensureRule, gradientsOfOp, ruleOf } from './gradient.ts'
import { checkJson } from './json.ts'
import type { Json } from './json.ts'
import { addOp, isHostOp } from './op.ts'
import type { CompositeOp, HostOp, Op, TensorData, TensorType } from './op.ts'
import { activeTracer } from './tracer.ts'

/** A custom op, as it is called. */
export type OpFunction<A extends Json> = (inputs: ReadonlyArray<Tensor>, attrs: A) => ReadonlyArray<Tensor>

/**
 * An op of one's own: a function of a list of tensors and of attributes (plain JSON) to a list of tensors, whose name an executor may
 * know and run as one fused kernel.
 *
 *   { name, composite, vjp? }      `composite` says what it computes, in tfjs ops, and captures no tensor
 *   { name, host, shape, vjp? }    `host` computes it on typed arrays, on every backend: for what tfjs cannot express
 *
 * It has a gradient: `vjp`, or else autodiff of the composite. Both save the inputs alone and recompute, so that derivatives of any order
 * are right; a host op without a `vjp` has none. The cotangents of outputs that were not used are zeros. Traced, the op is one node.
 *
 * @throws RangeError when the name is empty or taken
 * @example
 * const cube = defineOp({ name: 'cube', composite: ([x], _: Json) => [mul(x!, square(x!))] })
 * const [y] = cube([x], {})
 */
export const defineOp = <A extends Json>(op: CompositeOp<A> | HostOp<A>): OpFunction<A> => {
  const plain: Op = op
  addOp(plain)
  const kernelName = `diffeo.${op.name}`
  const rule = ruleOf(kernelName, (cotangents, inputs, attrs) => gradientsOfOp(plain, cotangents, inputs, attrs as Json))
  return (inputs, attrs) => {
    checkJson(op.name, attrs)
    inputs.forEach((x, i) => typeOf(op.name, x, i))
    ensureRules()
    ensureRule(rule)
    ensureKernel(kernelName, plain)
    // tfjs takes a list of inputs where a rule saves all of them, and gives a list where the kernel does
    const run = engine().runKernel as unknown as (name: string, inputs: NamedTensorMap, attrs: NamedAttrMap) => Tensor[]
    return run.call(engine(), kernelName, [...inputs] as unknown as NamedTensorMap, attrs as unknown as NamedAttrMap)
  }
}

interface KernelArguments {
  readonly inputs: unknown
  readonly attrs?: unknown
}

/** Registers the op for the active backend, where it has no kernel of that name. */
const ensureKernel = (kernelName: string, op: Op): void => {
  const backendName = activeBackend()
  if (getKernel(kernelName, backendName)) return
  const run = isHostOp(op) ? onHost(op) : composed(op)
  const kernelFunc = ({ inputs, attrs }: KernelArguments): TensorInfo[] => {
    const [from, given] = [inputs as ReadonlyArray<Tensor>, attrs as Json]
    return [...(activeTracer()?.custom(op, from, given) ?? run(from, given))]
  }
  registerKernel({ kernelName, backendName, kernelFunc })
}

type Run = (inputs: ReadonlyArray<Tensor>, attrs: Json) => ReadonlyArray<Tensor>

const composed =
  (op: CompositeOp): Run =>
  (inputs, attrs) =>
    isolated(() =>
      tidy(() => {
        const outputs = op.composite(inputs, attrs)
        if (outputs.length === 0) throw new RangeError(`${op.name}: expected one output or more of its composite, got none`)
        // what is an input, or given twice, has a handle of its own: disposing of one leaves the other alive
        return outputs.map((y, i) => (inputs.includes(y) || outputs.indexOf(y) < i ? handle(y) : y))
      }),
    )

const onHost =
  (op: HostOp): Run =>
  (inputs, attrs) =>
    isolated(() => {
      const types = inputs.map((x, i) => typeOf(op.name, x, i))
      const data = inputs.map((x, i) => dataOf(types[i]!, engine().readSync(x.dataId)))
      const results = runHost(op, data, attrs, types)
      return results.types.map(({ shape, dtype }, i) => {
        const numbers = results.data[i]!
        // a backend keeps the array that it is given
        return tensor(data.includes(numbers) ? numbers.slice() : numbers, [...shape], dtype)
      })
    })

/**
 * Runs a host op on numbers, and checks that what it gives is what it says.
 *
 * @throws RangeError when it is not
 */
export const runHost = (
  op: HostOp,
  inputs: ReadonlyArray<TensorData>,
  attrs: Json,
  inputTypes: ReadonlyArray<TensorType>,
): { readonly data: ReadonlyArray<TensorData>; readonly types: ReadonlyArray<TensorType> } => {
  const types = op.shape(inputTypes, attrs)
  const data = op.host(inputs, attrs, inputTypes)
  if (data.length !== types.length) throw new RangeError(`${op.name}: expected ${types.length} results of its host, got ${data.length}`)
  types.forEach(({ shape, dtype }, i) => {
    const size = shape.reduce((n, s) => n * s, 1)
    if (!(data[i] instanceof arrays[dtype]) || data[i].length !== size)
      throw new RangeError(`${op.name}: expected ${size} ${dtype} numbers of its host, got ${described(data[i])} at result ${i}`)
  })
  return { data, types }
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const

const dataOf = ({ dtype }: TensorType, values: unknown): TensorData =>
  values instanceof arrays[dtype] ? values : arrays[dtype].from(values as ArrayLike<number>)

const typeOf = (name: string, { shape, dtype }: Tensor, i: number): TensorType => {
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    throw new TypeError(`${name}: expected float32, int32 or bool tensors, got ${String(dtype)} at input ${i}`)
  return { shape, dtype }
}

const described = (data: unknown): string =>
  ArrayBuffer.isView(data) ? `a ${data.constructor.name} of ${(data as TensorData).length}` : typeof data
