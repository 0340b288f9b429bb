import { setTracer } from '@diffeo/core'
import type { Tracer } from '@diffeo/core'
import { tracing } from './backend.ts'
import { recordCustom } from './custom.ts'
import { currentRecorder, valueOf } from './tracers.ts'

const tracer: Tracer = {
  backendName: tracing,
  custom: recordCustom,
  isZero: x => {
    const recorder = currentRecorder()
    const definition = recorder.b.definition(valueOf(recorder, x, 'a gradient'))
    return definition.kind === 'constant' && 'fill' in definition.constant && definition.constant.fill === 0
  },
}

/** Tells core who traces. Called by `trace`, not at import: bundlers drop side effects of modules. */
export const ensureTracer = (): void => setTracer(tracer)
