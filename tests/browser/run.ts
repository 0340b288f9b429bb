/**
 * What takes long in a browser: `npm run browser -- [what] [flags]`.
 *
 *     laws           the laws of bijectors over many draws on wasm and webgl, and how far backends are apart
 *     size           the size of pages that load a model and sample
 *
 *     --draws 20     draws of the parameters of each member
 *     --rows 20      points for each draw
 *     --only text    members whose name holds the text
 *     --without a,b  not those whose name holds one of the texts
 *     --rest         members that docs/backends.jsonl does not have yet
 *     --save         keep what is found and write it into docs/backends.md
 */
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { keepFindings, keptFindings } from './findings.ts'
import type { Finding } from './findings.ts'
import { sizeOf, sizedPages } from './page-size.ts'
import { startChromium, visit } from './visit.ts'
import type { Visit } from './visit.ts'
import { roundingsOf } from './webgl-roundings.ts'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    draws: { type: 'string', default: '20' },
    rows: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    without: { type: 'string' },
    rest: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
})
const wants = (what: string): boolean => positionals.length === 0 || positionals.includes(what)

/** A page is closed after so many members, and with it what its graphics context holds. */
const membersOfPage = 10

const program = fileURLToPath(new URL('laws-page.ts', import.meta.url))

const runLaws = async (): Promise<number> => {
  const browser = await startChromium()
  if ('missing' in browser) throw new Error(browser.missing)
  if (flags.save) keepFindings([{ browser: `Chromium ${browser.version()}`, date: new Date().toISOString().slice(0, 10) }])
  const open = async (): Promise<Visit> => {
    const opened = await visit(browser, program)
    await opened.call('start', 'webgl')
    return opened
  }
  const first = await open()
  const known = new Set(flags.rest ? keptFindings().flatMap(line => ('member' in line ? [line.member] : [])) : [])
  const without = flags.without?.split(',') ?? []
  const isWanted = (name: string): boolean => name.includes(flags.only) && !known.has(name) && !without.some(text => name.includes(text))
  const names = (await first.call<ReadonlyArray<string>>('members')).filter(isWanted)
  await first.close()
  const [draws, rows] = [Number(flags.draws), Number(flags.rows)]
  let failed = 0
  for (let i = 0; i < names.length; i += membersOfPage) {
    const page = await open()
    for (const member of names.slice(i, i + membersOfPage)) {
      const laws = async (way: 'wasm' | 'webgl', roundings: number): Promise<Finding['laws']['wasm']> =>
        page.call('laws', member, way, draws, rows, [1], roundings)
      const finding: Finding = {
        member,
        draws,
        laws: { wasm: await laws('wasm', 1), webgl: await laws('webgl', roundingsOf(member)) },
        apart: await page.call('differences', member, 2, rows, ['wasm', 'compiled', 'webgl']),
      }
      const failures = [...finding.laws.wasm.failures, ...finding.laws.webgl.failures]
      console.log(`${failures.length === 0 ? 'ok  ' : 'FAIL'} ${member}  ${JSON.stringify(finding.apart)}`)
      failures.forEach(failure => console.log(`  ${failure}`))
      if (failures.length > 0) failed += 1
      if (flags.save) keepFindings([finding])
    }
    await page.close()
  }
  await browser.close()
  console.log(`\n${names.length} members, ${failed} fail`)
  return failed
}

if (wants('size')) {
  const folder = fileURLToPath(new URL('..', import.meta.url))
  for (const page of sizedPages) {
    const size = await sizeOf(page, folder)
    console.log(`${page.name}: ${size.minified} bytes minified, ${size.gzip} by gzip, ${size.brotli} by brotli; at most ${page.budget} kB`)
    if (flags.save) keepFindings([{ page: page.name, size, budget: page.budget }])
  }
}
if (wants('laws') && (await runLaws()) > 0) process.exitCode = 1
