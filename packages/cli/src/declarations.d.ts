declare module 'cli-progress' {
  export interface Options {
    readonly format?: string
    readonly stream?: NodeJS.WritableStream
    readonly fps?: number
    readonly barsize?: number
    readonly barCompleteChar?: string
    readonly barIncompleteChar?: string
    readonly hideCursor?: boolean
    readonly clearOnComplete?: boolean
    readonly gracefulExit?: boolean
    readonly etaBuffer?: number
  }
  export type Payload = { readonly [token: string]: string | number }
  export class SingleBar {
    constructor(options: Options)
    start(total: number, startValue: number, payload?: Payload): void
    update(current: number, payload?: Payload): void
    stop(): void
  }
  const progress: { readonly SingleBar: typeof SingleBar }
  export default progress
}

declare module 'd3-array' {
  export const blur2: (grid: { data: Float64Array; width: number; height?: number }, rx: number, ry?: number) => { data: Float64Array }
  export const quantileSorted: (values: ArrayLike<number>, p: number) => number | undefined
  export const ticks: (start: number, stop: number, count: number) => number[]
}
