import { suite as uvuSuite } from 'uvu'

/**
 * A test suite that fails closed. uvu alone exits 0 when a hook throws, when a string is thrown, or when `.run()` is
 * forgotten; here a process succeeds only if every registered test passed.
 */
export interface Suite {
  test(name: string, body: () => void | Promise<void>, options?: { readonly seconds?: number }): void
  /** A test that cannot run here, and why: reported by its name, neither passed nor failed. */
  skip(name: string, reason: string): void
  before(body: () => void | Promise<void>): void
  after(body: () => void | Promise<void>): void
  run(): void
}

const tally = { suites: 0, started: 0, registered: 0, passed: 0, skipped: new Array<string>(), problems: new Array<string>() }

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`))

const limited = async (name: string, seconds: number, body: () => void | Promise<void>): Promise<void> => {
  const watch = new AbortController()
  const limit = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`'${name}' ran longer than ${seconds} s`)), seconds * 1000)
    watch.signal.addEventListener('abort', () => clearTimeout(timer))
  })
  try {
    await Promise.race([Promise.resolve().then(body), limit])
  } catch (thrown) {
    throw asError(thrown)
  } finally {
    watch.abort()
  }
}

/** Registers a suite. Its tests run one after another, each within a time limit (60 s unless said). */
export const suite = (name: string): Suite => {
  const inner = uvuSuite(name)
  tally.suites += 1
  const guarded = (label: string, body: () => void | Promise<void>) => async (): Promise<void> => {
    try {
      await limited(`${name}: ${label}`, 300, body)
    } catch (thrown) {
      tally.problems.push(`${name}: ${label}: ${asError(thrown).message}`)
      throw thrown
    }
  }
  return {
    test(title, body, { seconds = 60 } = {}) {
      tally.registered += 1
      inner(title, async () => {
        await limited(`${name}: ${title}`, seconds, body)
        tally.passed += 1
      })
    },
    skip: (title, reason) => void tally.skipped.push(`${name}: ${title} (${reason})`),
    before: body => inner.before(guarded('before', body)),
    after: body => inner.after(guarded('after', body)),
    run() {
      tally.started += 1
      inner.run()
    },
  }
}

process.on('exit', code => {
  const complete =
    tally.registered + tally.skipped.length > 0 &&
    tally.passed === tally.registered &&
    tally.started === tally.suites &&
    tally.problems.length === 0
  if (!complete && code === 0) process.exitCode = 1
  process.stdout.write(`\n@@tally ${JSON.stringify({ ...tally, complete, code })}\n`)
})
