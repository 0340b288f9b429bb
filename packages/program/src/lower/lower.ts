import { activations } from './activations.ts'
import { creation } from './creation.ts'
import { elementwise } from './elementwise.ts'
import { indexing } from './indexing.ts'
import type { Lowering, Lowerings } from './lowering.ts'
import { products } from './products.ts'
import { reductions } from './reductions.ts'
import { shapes } from './shapes.ts'
import { unsupported } from './unsupported.ts'

const lowered: Lowerings = { ...elementwise, ...activations, ...reductions, ...products, ...shapes, ...indexing, ...creation }

const refusing =
  (name: string, reason: string): Lowering =>
  () => {
    throw new RangeError(
      `trace: expected a kernel that can be traced, got ${name}: ${reason}; compute it outside and pass it as an argument`,
    )
  }

/** What every kernel of tfjs' cpu and wasm backends does, in primitives; those that cannot be traced throw and say why. */
export const lowerings: ReadonlyMap<string, Lowering> = new Map([
  ...Object.entries(lowered),
  ...[...unsupported].map(([name, reason]) => [name, refusing(name, reason)] as const),
])
