import { Writable } from 'node:stream'
import type { Io } from '../src/io.ts'

/** A stream that keeps what is written to it. */
export const collector = (): Writable & { readonly text: () => string } => {
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk.toString())
      done()
    },
  })
  return Object.assign(stream, { text: () => chunks.join('') })
}

/** A stream whose reader has gone, after it took `lines` writes. */
export const closedAfter = (lines: number): Writable => {
  let written = 0
  return new Writable({
    write(_, __, done) {
      written += 1
      done(written > lines ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : null)
    },
  })
}

export interface TestIo extends Io {
  readonly out: () => string
  readonly err: () => string
  /** As if Ctrl-C were pressed. */
  readonly interrupt: () => void
}

/** The world as a test sees it. */
export const testIo = (cwd: string, { isTTY = false }: { readonly isTTY?: boolean } = {}): TestIo => {
  const [stdout, stderr] = [collector(), collector()]
  const listeners = new Set<() => void>()
  return {
    stdout,
    stderr: Object.assign(stderr, { isTTY, columns: 120 }),
    isTTY,
    cwd,
    onInterrupt: stop => {
      listeners.add(stop)
      return () => void listeners.delete(stop)
    },
    out: stdout.text,
    err: stderr.text,
    interrupt: () => [...listeners].forEach(stop => stop()),
  }
}
