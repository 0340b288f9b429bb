import { setTracer } from '@diffeo/core'
import type { Tracer } from '@diffeo/core'
import { tracing } from './backend.ts'
import { recordCustom } from './custom.ts'
import { recordScan } from './scan.ts'
import { currentRecorder, isKnownZero, isTracer } from './tracers.ts'
import { recordWhile } from './while-loop.ts'

const tracer: Tracer = {
  backendName: tracing,
  custom: recordCustom,
  scan: recordScan,
  whileLoop: recordWhile,
  owns: x => isTracer(currentRecorder(), x),
  isZero: x => isKnownZero(currentRecorder(), x),
}

/** Tells core who traces. Called by `trace`, not at import: bundlers drop side effects of modules. */
export const ensureTracer = (): void => setTracer(tracer)
