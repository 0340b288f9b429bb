import { crc32, libraryVersion } from '@diffeo/codec'
import type { Flow } from '@diffeo/core'
import type { Prepared } from '../data/prepare.ts'
import type { Identity } from './checkpoint.ts'
import type { Plan } from './plan.ts'

/** What must be the same for a resumed run to be the same run. */
export const identityOf = (flow: Flow, { schema, event, context, errors, splits }: Prepared, plan: Plan): Identity => ({
  library: libraryVersion,
  flow: JSON.stringify(flow.spec),
  plan: JSON.stringify(plan),
  schema: JSON.stringify(schema),
  data: [event, context ?? new Float32Array(0), splits.train, splits.validation, splits.test, ...(errors === undefined ? [] : [errors])]
    .map(checksum)
    .join(' '),
})

const checksum = (values: Float32Array | Int32Array): string =>
  crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).toString(16)
