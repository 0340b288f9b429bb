import { engine } from '@tensorflow/tfjs-core'
import type { BackendValues, DataType, KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { createRuntime } from '../runtime/runtime.ts'
import type { ElementType, Runtime } from '../runtime/runtime.ts'

/** The name of the tfjs backend that holds what compiled programs give. */
export const backendName = 'diffeo'

/** Numbers of a tensor in the runtime's memory. */
interface Block {
  readonly address: number
  readonly count: number
  readonly dtype: ElementType
  references: number
}

/** The block of a donated tensor, under the id that it had, until a result takes both or they are given back. */
export interface Gift {
  readonly dataId: object
  readonly address: number
}

/** What stands in the place of tensors that were donated as one argument. */
interface Tombstone {
  readonly dataId: object
  readonly used: () => never
}

/** Tensors in one memory, and the tfjs backend that reads them. It has no kernels: an eager op takes a tensor out of it. */
export interface Storage {
  readonly runtime: Runtime
  /** The address of a tensor's numbers, which are brought here where they lie elsewhere. */
  readonly bring: (tensor: Tensor) => number
  /** A new tensor over a block that holds its numbers. */
  readonly tensorAt: (address: number, shape: ReadonlyArray<number>, dtype: ElementType) => Tensor
  /** Takes the block of a tensor and disposes of it, where no other tensor has the block: later uses of it are errors that name `argument`. */
  readonly donate: (tensor: Tensor, argument: string) => Gift | undefined
  /** A tensor over the block of a donated one of its shape and type. */
  readonly reuse: (gift: Gift, shape: ReadonlyArray<number>, dtype: ElementType) => Tensor
  /** Parts a block from the tensor that was donated with it: it is to be given to `tensorAt`, or freed. */
  readonly part: (gift: Gift) => number
  /** Runs a program on memory that holds nothing before and after: the arena that all share, or memory of its own where one runs within another. */
  readonly withArena: (bytes: number, run: (address: number) => void) => void
  readonly count: () => number
}

const isElementType = (dtype: DataType): dtype is ElementType => dtype === 'float32' || dtype === 'int32' || dtype === 'bool'

const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((n, size) => n * size, 1)

interface EngineState {
  readonly tensorInfo: WeakMap<object, { readonly backend: KernelBackend }>
}

const createStorage = (): Storage => {
  const runtime = createRuntime()
  const blocks = new Map<object, Block>()
  const donated = new WeakMap<object, () => never>()

  const write = (dataId: object, values: BackendValues | null, shape: ReadonlyArray<number>, dtype: DataType, references: number): void => {
    if (!isElementType(dtype)) throw new TypeError(`jit: expected float32, int32 or bool tensors, got a ${dtype} one`)
    const count = sizeOf(shape)
    const address = runtime.allocate(4 * count)
    if (values !== null) runtime.write(address, values as ArrayLike<number>, dtype)
    blocks.set(dataId, { address, count, dtype, references })
  }
  const blockOf = (dataId: object): Block => {
    const block = blocks.get(dataId)
    if (block === undefined) throw new RangeError('diffeo backend: expected a tensor that is alive, got one without numbers')
    return block
  }
  const readSync = (dataId: object): Float32Array | Int32Array | Uint8Array => {
    donated.get(dataId)?.()
    const { address, count, dtype } = blockOf(dataId)
    const values = runtime.read(address, count, dtype)
    return dtype === 'bool' ? Uint8Array.from(values) : values
  }
  const unavailable = (what: string) => (): never => {
    throw new Error(`diffeo backend: expected a backend that computes, got ${what}; choose one with setBackend`)
  }
  const backend: KernelBackend = {
    write: (values, shape, dtype) => {
      const dataId = {}
      write(dataId, values, shape, dtype, 1)
      return dataId
    },
    move: (dataId, values, shape, dtype, references) => write(dataId, values, shape, dtype, references),
    readSync,
    read: async dataId => readSync(dataId),
    disposeData: (dataId, force = false) => {
      const block = blocks.get(dataId)
      if (block === undefined) return true
      block.references -= 1
      if (!force && block.references > 0) return false
      blocks.delete(dataId)
      runtime.free(block.address)
      return true
    },
    refCount: dataId => blocks.get(dataId)?.references ?? 0,
    incRef: dataId => void (blockOf(dataId).references += 1),
    numDataIds: () => blocks.size,
    memory: () => ({ unreliable: false }),
    floatPrecision: () => 32,
    epsilon: () => 1e-7,
    timerAvailable: () => false,
    time: unavailable('a timing'),
    readToGPU: unavailable('a read to the GPU'),
    createTensorFromGPUData: unavailable('a tensor of the GPU'),
    dispose: () => undefined,
  }
  engine().registerBackend(backendName, () => backend, 0)

  const { state } = engine() as unknown as { readonly state: EngineState } // private API, as in the tracer
  const bring = (tensor: Tensor): number => {
    const { dataId } = tensor
    const here = blocks.get(dataId)
    if (here !== undefined) return here.address
    if (state.tensorInfo.get(dataId)?.backend !== backend) engine().moveData(backend, dataId)
    return blockOf(dataId).address
  }
  const tombstones = new Map<string, Tombstone>()
  const tombstoneOf = (argument: string): Tombstone => {
    const known = tombstones.get(argument)
    if (known !== undefined) return known
    const dataId = {}
    const used = (): never => {
      throw new RangeError(`jit: expected no use of a tensor after it was donated, got one of the argument ${argument}`)
    }
    state.tensorInfo.set(dataId, { backend })
    donated.set(dataId, used)
    tombstones.set(argument, { dataId, used })
    return { dataId, used }
  }
  let isRunning = false
  const tensorOf = (dataId: object, shape: ReadonlyArray<number>, dtype: ElementType): Tensor => {
    const info: TensorInfo = { dataId, shape: [...shape], dtype }
    return engine().makeTensorFromTensorInfo(info, backend)
  }
  return {
    runtime,
    bring,
    tensorAt: (address, shape, dtype) => {
      const dataId = {}
      blocks.set(dataId, { address, count: sizeOf(shape), dtype, references: 1 })
      return tensorOf(dataId, shape, dtype)
    },
    // the engine knows the id already: a new one for each result of each step is a large part of a small step's time
    reuse: ({ dataId }, shape, dtype) => tensorOf(dataId, shape, dtype),
    part: ({ dataId, address }) => {
      blocks.delete(dataId)
      engine().removeDataId(dataId, backend)
      return address
    },
    donate: (tensor, argument) => {
      if (tensor.isDisposed) return undefined // an argument before was the same tensor
      const own = tensor.dataId
      const block = blocks.get(own)
      const isOnly = block?.references === 1
      if (isOnly) block.references += 1 // of the gift
      tensor.dispose()
      const { dataId, used } = tombstoneOf(argument)
      // what a read asks for first, and what an op does
      const gone = tensor as { dataId: object; throwIfDisposed?: () => void }
      gone.throwIfDisposed = used
      gone.dataId = dataId
      return isOnly ? { dataId: own, address: block.address } : undefined
    },
    withArena: (bytes, run) => {
      const isNested = isRunning
      const address = isNested ? runtime.allocate(bytes) : runtime.scratch(bytes)
      isRunning = true
      try {
        run(address)
      } finally {
        isRunning = isNested
        if (isNested) runtime.free(address)
      }
    },
    count: () => blocks.size,
  }
}

const memory: { storage?: Storage } = {}

/** The storage of this process: one memory for all compiled programs. */
export const storage = (): Storage => (memory.storage ??= createStorage())
