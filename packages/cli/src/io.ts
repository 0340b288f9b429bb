/** What a command sees of the world: tests put their own in its place. */
export interface Io {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  /** Whether a person watches stderr: a bar that is redrawn, or plain lines. */
  readonly isTTY: boolean
  /** The folder that relative paths start from. */
  readonly cwd: string
  /** Calls back once when the person asks to stop (Ctrl-C). Returns how to listen no more. */
  onInterrupt(stop: () => void): () => void
}

/** The process's own streams, folder and signals. A second Ctrl-C ends the process at once, as if nobody listened. */
export const processIo = (): Io => ({
  stdout: process.stdout,
  stderr: process.stderr,
  isTTY: process.stderr.isTTY === true,
  cwd: process.cwd(),
  onInterrupt: stop => {
    const signals = ['SIGINT', 'SIGTERM'] as const
    const listener = (): void => {
      forget()
      stop()
    }
    const forget = (): void => signals.forEach(signal => process.off(signal, listener))
    signals.forEach(signal => process.on(signal, listener))
    return forget
  },
})

/**
 * Writes and waits until it is taken: no more is made than the reader reads.
 *
 * @throws (rejects with) the stream's error: EPIPE when the reader has gone
 */
export const write = (stream: NodeJS.WritableStream, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(text, error => (error ? reject(error) : resolve()))
  })

/** Writes what need not arrive: progress, and the last words of a command. */
export const mention = (stream: NodeJS.WritableStream, text: string): void => {
  stream.write(text, () => undefined)
}

/** Keeps a stream's error from ending the process: whoever writes hears of it. */
export const tolerate = (stream: NodeJS.WritableStream): void => {
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore)
}

const ignore = (): void => undefined
