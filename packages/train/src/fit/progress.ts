import * as t from 'io-ts'
import type { Epoch, Stopped } from '../model/record.ts'

/** The host's side of training: where it stands. With the tensors of `TrainState` and the best parameters it is all of it. */
export interface Progress {
  /** Steps done. */
  readonly step: number
  /** Losses of the steps done in this epoch. */
  readonly lossSum: number
  readonly lossCount: number
  readonly history: ReadonlyArray<Epoch>
  readonly best: { readonly epoch: number; readonly validation: number } | null
  /** Epochs since the best one. */
  readonly waited: number
  readonly stopped: Stopped | null
  /** Why, where `stopped` does not say enough. */
  readonly remark: string | null
}

export const begin: Progress = {
  step: 0,
  lossSum: 0,
  lossCount: 0,
  history: [],
  best: null,
  waited: 0,
  stopped: null,
  remark: null,
}

const orNull = <A>(codec: t.Type<A>): t.Type<A | null> => t.union([codec, t.null])
const word = <A extends string>(value: A): t.Type<A> => t.literal(value)

export const progressCodec: t.Type<Progress> = t.strict(
  {
    step: t.number,
    lossSum: t.number,
    lossCount: t.number,
    history: t.readonlyArray(
      t.strict({ epoch: t.number, step: t.number, train: t.number, validation: t.number, learningRate: t.number }),
      'history',
    ),
    best: orNull(t.strict({ epoch: t.number, validation: t.number })),
    waited: t.number,
    stopped: orNull<Stopped>(t.union([word('patience'), word('epochs'), word('steps'), word('aborted'), word('nonFinite')])),
    remark: orNull(t.string),
  },
  'Progress',
)
