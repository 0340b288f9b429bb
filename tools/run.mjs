// What `npm start`, `npm test`, `npm run check`, `npm run diffeo`, `npm run bench`, `npm run laws`, `npm run mutants`, `npm run numerics` and `npm run results` do: install the pinned toolchain where it is missing, then run.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const root = fileURLToPath(new URL('..', import.meta.url))
const [job, ...args] = process.argv.slice(2)
const pnpm = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager

/** Runs a command at the root and ends with its exit code if it fails. */
const run = (command, parameters, options = {}) => {
  const done = spawnSync(command, parameters, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32', ...options })
  if (done.error) throw done.error
  if (done.status !== 0) process.exit(done.status ?? 1)
}

/** The lockfile that was installed; pnpm keeps a copy of it. */
const isInstalled = () => {
  const installed = join(root, 'node_modules/.pnpm/lock.yaml')
  return existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')
}

const setUp = () => {
  if (isInstalled()) return
  console.error(`installing with ${pnpm} (once) ...`)
  run('npx', ['--yes', pnpm, 'install', '--frozen-lockfile', '--reporter=silent'])
}

const typescript = (file, ...parameters) => run(process.execPath, ['--import', 'tsx', file, ...parameters])

/** The demo page: built and served; only built; or used by a script in a browser. */
const demo = what => {
  if (what === 'check') return typescript('tests/browser/demo-run.ts')
  const vite = (...parameters) =>
    run(process.execPath, [join(root, 'docs/demo/node_modules/vite/bin/vite.js'), ...parameters], { cwd: join(root, 'docs/demo') })
  vite('build')
  if (what !== 'build') vite('preview')
}

const jobs = {
  start: () => typescript('tools/start.ts', ...args),
  test: () => typescript('tests/run.ts', ...args),
  check: () => typescript('tools/check.ts', ...args),
  diffeo: () => typescript('packages/diffeo/src/bin.ts', ...args),
  bench: () => typescript('tests/bench/run.ts', ...args),
  laws: () => typescript('tests/laws/wide-run.ts', ...args),
  mutants: () => typescript('tests/laws/mutants/run.ts', ...args),
  browser: () => typescript('tests/browser/run.ts', ...args),
  demo: () => demo(...args),
  numerics: () => typescript('tests/numerics/run.ts', ...args),
  results: () => typescript('tests/results/run.ts', ...args),
}

if (!Object.hasOwn(jobs, job)) {
  console.error(`run: expected one of ${Object.keys(jobs).join(', ')}, got ${job}`)
  process.exit(2)
}
setUp()
jobs[job]()
