/** Runs every *.test.ts, each in a process of its own, and ends with `N passed, N failed`. Arguments filter by path. */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { cpus } from 'node:os'

interface Tally {
  readonly registered: number
  readonly passed: number
  readonly complete: boolean
  readonly skipped: ReadonlyArray<string>
  readonly problems: ReadonlyArray<string>
}
interface Outcome {
  readonly file: string
  readonly seconds: number
  readonly passed: number
  readonly failed: number
  readonly skipped: ReadonlyArray<string>
  readonly output: string
}

const filters = process.argv.slice(2)
const roots = ['tests', ...readdirSync('packages').map(name => `packages/${name}/src`)]
const files = roots
  .flatMap(root => readdirSync(root, { recursive: true, encoding: 'utf8' }).map(file => `${root}/${file}`))
  .filter(file => file.endsWith('.test.ts') && !file.includes('node_modules'))
  .filter(file => filters.length === 0 || filters.some(f => file.includes(f)))
  .sort()

const none: Tally = { registered: 1, passed: 0, complete: false, skipped: [], problems: [] }

const runFile = (file: string): Promise<Outcome> =>
  new Promise(resolve => {
    const started = Date.now()
    const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks: string[] = []
    child.stdout.on('data', (data: Buffer) => chunks.push(data.toString()))
    child.stderr.on('data', (data: Buffer) => chunks.push(data.toString()))
    child.on('close', code => {
      const output = chunks.join('')
      const line = /^@@tally (.*)$/m.exec(output)
      const tally: Tally = line ? (JSON.parse(line[1]!) as Tally) : { ...none, problems: ['no tally'] }
      const clean = code === 0 && tally.complete
      const failed = Math.max(tally.registered - tally.passed, clean ? 0 : 1)
      const { passed, skipped } = tally
      resolve({ file, seconds: (Date.now() - started) / 1000, passed, failed, skipped, output: output.replace(/^@@tally .*$/m, '') })
    })
  })

const report = (o: Outcome): void => {
  console.log(
    `${o.failed === 0 ? 'ok  ' : 'FAIL'} ${o.file}  ${o.passed} passed${o.failed ? `, ${o.failed} failed` : ''}  (${o.seconds.toFixed(1)} s)`,
  )
  o.skipped.forEach(name => console.log(`skip ${name}`))
  if (o.failed > 0) console.log(o.output)
}

const queue = [...files]
const outcomes: Outcome[] = []
const drain = async (): Promise<void> => {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const outcome = await runFile(file)
    outcomes.push(outcome)
    report(outcome)
  }
}
await Promise.all(Array.from({ length: Math.max(1, Math.min(2, cpus().length)) }, drain))

const passed = outcomes.reduce((n, o) => n + o.passed, 0)
const failed = outcomes.reduce((n, o) => n + o.failed, 0)
const skipped = outcomes.reduce((n, o) => n + o.skipped.length, 0)
console.log(`\n${files.length} files${skipped > 0 ? `, ${skipped} tests skipped` : ''}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
