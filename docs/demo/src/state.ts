import type { RemoteModel, WorkerConnection } from '@diffeo/train'
import type { BackendChoice } from './backends.ts'
import type { FlowChoice } from './flows.ts'
import type { Frame, Picture } from './picture.ts'
import type { LossPoint } from './plots/loss.ts'

/** The part of the plane that the data sets lie in. */
export const ownFrame: Frame = { x: 0, y: 0, half: 3 }

/** What the page shows and does; the one thing in it that changes. */
export interface State {
  title: string
  points: Float64Array
  /** The points in words. */
  about: string
  isDrawing: boolean
  frame: Frame
  flow: FlowChoice
  backend: BackendChoice
  /** The worker, once it is up. */
  worker: Promise<WorkerConnection<Picture>>
  model: RemoteModel<Picture> | undefined
  picture: Picture | undefined
  history: ReadonlyArray<LossPoint>
  gaussian: number | undefined
  /** While it trains. */
  stop: AbortController | undefined
  step: number
  steps: number
}
