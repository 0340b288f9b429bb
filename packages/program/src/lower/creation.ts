import type { Call, Lowerings } from './lowering.ts'
import { upTo } from '../shape.ts'

const dtypeOf = ({ attrs }: Call): 'float32' | 'int32' | 'bool' => (attrs['dtype'] as 'float32' | 'int32' | 'bool' | undefined) ?? 'float32'

export const creation: Lowerings = {
  Fill: call => call.emit.fill(call.attrs['shape'] as ReadonlyArray<number>, dtypeOf(call), Number(call.attrs['value'])),
  OnesLike: ({ emit, inputs: [x] }) => emit.like(x!, 1),
  ZerosLike: ({ emit, inputs: [x] }) => emit.like(x!, 0),
  Range: call => {
    const [start, stop, step] = ['start', 'stop', 'step'].map(name => call.attrs[name] as number)
    const count = Math.max(0, Math.ceil((stop! - start!) / step!))
    return call.emit.constant(
      [count],
      dtypeOf(call),
      upTo(count).map(i => start! + i * step!),
    )
  },
  LinSpace: ({ emit, attrs }) => {
    const [start, stop, count] = ['start', 'stop', 'num'].map(name => attrs[name] as number)
    const step = (stop! - start!) / (count! - 1)
    return emit.constant(
      [count!],
      'float32',
      upTo(count!).map(i => (i === 0 ? start! : start! + i * step)),
    )
  },
  Diag: ({ emit, inputs: [x] }) => {
    const shape = emit.shape(x!)
    const size = shape.reduce((n, s) => n * s, 1)
    const onDiagonal = emit.binary('eq', emit.iota([size, size], 0), emit.iota([size, size], 1))
    const rows = emit.broadcastTo(emit.reshape(x!, [1, size]), [size, size])
    return emit.reshape(emit.select(onDiagonal, rows, emit.like(rows, 0)), [...shape, ...shape])
  },
}
