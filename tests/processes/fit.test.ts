import { equal, ok, suite } from '@diffeo/testing'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const s = suite('compiled fits across processes')

const script = fileURLToPath(new URL('fit-part.ts', import.meta.url))

/** What a process of its own writes. */
const inProcess = (...args: ReadonlyArray<string>): string => {
  const done = spawnSync(process.execPath, ['--import', 'tsx', script, ...args])
  ok(done.status === 0, done.stderr.toString())
  return done.stdout.toString()
}

s.test('the same model, densities and samples in every process, and after a stop in one that another one resumes', () => {
  const whole = inProcess('whole')
  ok(/^[0-9a-f]{64} compiled, (relaxed|plain) SIMD, steps$/.test(whole), whole)
  equal(inProcess('whole'), whole)
  const folder = mkdtempSync(join(tmpdir(), 'diffeo-parts-'))
  try {
    ok(/aborted$/.test(inProcess('part', folder, '3')))
    ok(/aborted$/.test(inProcess('resume', folder, '19')))
    equal(inProcess('resume', folder), whole)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

s.run()
