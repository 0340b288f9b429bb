import { engine, getKernelsForBackend, registerBackend, registerKernel } from '@tensorflow/tfjs-core'
import type { KernelBackend, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core'
import { lowerings } from '../lower/lower.ts'
import type { Call, Lowering } from '../lower/lowering.ts'
import type { Value } from '../program.ts'
import { showType } from '../shape.ts'
import { constantOf } from '../values.ts'
import type { Data } from '../values.ts'
import { knownNumbers } from './known.ts'
import { asData, currentRecorder, readTracer, refCount, refer, tracerOf, valueOf } from './tracers.ts'

/** The name of the tfjs backend that records. */
export const tracing = 'diffeo-trace'

/** Registers the backend and its kernels, once. */
export const ensureBackend = (): void => {
  if (engine().backendNames().includes(tracing)) return
  registerBackend(tracing, () => backend, 0)
  for (const [kernelName, lowering] of lowerings)
    registerKernel({ kernelName, backendName: tracing, kernelFunc: kernel(kernelName, lowering) })
}

/** The kernels that can be called while tracing. */
export const tracedKernels = (): ReadonlyArray<string> => getKernelsForBackend(tracing).map(({ kernelName }) => kernelName)

interface KernelArguments {
  readonly inputs: NamedTensorInfoMap
  readonly attrs?: unknown
}

const kernel =
  (name: string, lowering: Lowering) =>
  ({ inputs, attrs }: KernelArguments): TensorInfo | TensorInfo[] => {
    const recorder = currentRecorder()
    const resolve = (tensor: TensorInfo): Value => valueOf(recorder, tensor, name)
    const call: Call = {
      kernel: name,
      attrs: (attrs ?? {}) as Readonly<Record<string, unknown>>,
      emit: recorder.emit,
      inputs: Object.values(inputs)
        .filter(tensor => tensor !== null && tensor !== undefined)
        .map(resolve),
      input: key => resolve(inputs[key]!),
      optional: key => (inputs[key] ? resolve(inputs[key]) : undefined),
    }
    const result = lowering(call)
    return typeof result === 'number' ? tracerOf(recorder, result, name) : result.map(value => tracerOf(recorder, value, name))
  }

const read = (dataId: object): Data => {
  const { recorder, value, op } = readTracer(dataId)
  const numbers = knownNumbers(recorder.b, value)
  if (numbers !== undefined) return numbers
  throw new TypeError(
    `trace: expected no read of a traced tensor, got one of ${showType(recorder.b.typeOf(value))}, made by ${op}; ` +
      'its numbers are not known while the function is traced: return it, or choose with tf.where instead of if',
  )
}

const unavailable = (what: string) => (): never => {
  throw new Error(`trace: expected ops alone, got ${what}; do it outside of the traced function`)
}

/** Tensors of this backend have no numbers: an op on them is a node of the program that is recorded. */
const backend: KernelBackend = {
  write: (values, shape, dtype) => {
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
      throw new TypeError(`trace: expected float32, int32 or bool tensors, got a ${dtype} one`)
    const recorder = currentRecorder()
    const value = recorder.b.constant(constantOf({ shape, dtype }, asData(dtype, values)))
    return tracerOf(recorder, value, 'a constant').dataId
  },
  readSync: read,
  read: async dataId => read(dataId),
  disposeData: dataId => refer(dataId, -1) <= 0,
  refCount,
  incRef: dataId => void refer(dataId, 1),
  numDataIds: () => 0,
  memory: () => ({ unreliable: true, reasons: ['tensors of a trace hold no numbers'] }),
  floatPrecision: () => 32,
  epsilon: () => 1e-7,
  timerAvailable: () => false,
  time: unavailable('a timing'),
  move: unavailable('a tensor that is moved'),
  readToGPU: unavailable('a read to the GPU'),
  createTensorFromGPUData: unavailable('a tensor of the GPU'),
  dispose: () => undefined,
}
