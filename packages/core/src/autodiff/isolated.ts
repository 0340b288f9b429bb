import { engine } from '@tensorflow/tfjs-core'

interface TapeState {
  gradientDepth: number
  kernelDepth: number
  activeTape: unknown
}

/**
 * Runs `f` as if no gradient were being taken: a gradient taken inside it leaves the running tape alone.
 * tfjs keeps the tape on `engine().state`; the three fields are put back whatever happens.
 */
export const isolated = <A>(f: () => A): A => {
  const state = (engine() as unknown as { readonly state: TapeState }).state // the tape is private API
  const { gradientDepth, kernelDepth, activeTape } = state
  Object.assign(state, { gradientDepth: 0, kernelDepth: 0, activeTape: null })
  try {
    return f()
  } finally {
    Object.assign(state, { gradientDepth, kernelDepth, activeTape })
  }
}
