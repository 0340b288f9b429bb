import * as t from 'io-ts'

/**
 * How the numbers of a fit are computed: what, beside plan and data, decides their last bits. It is chosen once, when a fit begins,
 * stands in its checkpoints and its record, and holds when the fit is resumed.
 */
export interface Execution {
  /** Compiled to WebAssembly, or op by op on the active tfjs backend. */
  readonly mode: 'jit' | 'eager'
  /** Relaxed SIMD fuses multiply and add as the processor does; plain SIMD gives the same bits on every machine. */
  readonly simd: 'relaxed' | 'plain'
  readonly workers: 1
}

/** As a person reads it: `compiled, relaxed SIMD`. */
export const describeExecution = ({ mode, simd }: Execution): string => (mode === 'jit' ? `compiled, ${simd} SIMD` : 'eager')

const current: t.Type<Execution> = t.strict(
  {
    mode: t.union([t.literal('jit'), t.literal('eager')]),
    simd: t.union([t.literal('relaxed'), t.literal('plain')]),
    workers: t.literal(1),
  },
  'Execution',
)

/** What files said before there was a compiler. */
const eager: Execution = { mode: 'eager', simd: 'plain', workers: 1 }

/** Reads an execution; the word 'eager' of older files too. */
export const executionCodec: t.Type<Execution> = new t.Type<Execution>(
  'Execution',
  current.is,
  (input, context) => current.validate(input === 'eager' ? eager : input, context),
  current.encode,
)
