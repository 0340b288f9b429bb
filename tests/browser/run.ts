/**
 * What takes long in a browser: `npm run browser -- [what] [flags]`.
 *
 *     laws           the laws of bijectors and distributions over many draws on wasm and webgl, and how far backends are apart
 *     size           the size of pages that load a model and sample
 *     webpack        a fresh project with the packed packages, minified by webpack: `npm test` builds it without that
 *
 *     --draws 20     draws of the parameters of each member
 *     --rows 20      points for each draw
 *     --only text    members whose name holds the text
 *     --without a,b  not those whose name holds one of the texts
 *     --rest         members that docs/backends.jsonl does not have yet
 *     --save         keep what is found and write it into docs/backends.md
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { identity, keepFindings, keptFindings } from './findings.ts'
import type { DistributionFinding, Finding } from './findings.ts'
import { outcome, webpacked, webpackProject } from './fresh-project.ts'
import { installPacked, writeFiles } from './packed.ts'
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
  const without = flags.without?.split(',') ?? []
  const isWanted = (name: string): boolean => name.includes(flags.only) && !without.some(text => name.includes(text))
  const [draws, rows] = [Number(flags.draws), Number(flags.rows)]
  const ways = ['wasm', 'compiled', 'webgl']
  const checked = async (call: Visit['call'], kind: 'member' | 'distribution', name: string): Promise<Finding['laws']> => {
    const task = kind === 'member' ? 'laws' : 'distributionLaws'
    return {
      wasm: await call(task, name, 'wasm', draws, rows, [1], 1),
      webgl: await call(task, name, 'webgl', draws, rows, [1], roundingsOf(kind, name)),
    }
  }
  const first = await open()
  const bijectors = (await first.call<ReadonlyArray<string>>('members')).map(name => ({ kind: 'member' as const, name }))
  const distributions = (await first.call<ReadonlyArray<string>>('distributions')).map(name => ({ kind: 'distribution' as const, name }))
  await first.close()
  const known = new Set(flags.rest ? keptFindings().map(identity) : [])
  const members = [...bijectors, ...distributions].filter(({ kind, name }) => isWanted(name) && !known.has(`${kind}: ${name}`))
  let failed = 0
  for (let i = 0; i < members.length; i += membersOfPage) {
    const page = await open()
    for (const { name, kind } of members.slice(i, i + membersOfPage)) {
      const finding: Finding | DistributionFinding =
        kind === 'member'
          ? {
              member: name,
              draws,
              laws: await checked(page.call, kind, name),
              apart: await page.call<Finding['apart']>('differences', name, 2, rows, ways),
            }
          : {
              distribution: name,
              draws,
              laws: await checked(page.call, kind, name),
              apart: await page.call<DistributionFinding['apart']>('distributionDifferences', name, 2, rows, ways),
            }
      const failures = [...finding.laws.wasm.failures, ...finding.laws.webgl.failures]
      console.log(`${failures.length === 0 ? 'ok  ' : 'FAIL'} ${name}  ${JSON.stringify(finding.apart)}`)
      failures.forEach(failure => console.log(`  ${failure}`))
      if (failures.length > 0) failed += 1
      if (flags.save) keepFindings([finding])
    }
    await page.close()
  }
  await browser.close()
  console.log(`\n${members.length} members, ${failed} fail`)
  return failed
}

const runWebpack = async (): Promise<void> => {
  const browser = await startChromium()
  if ('missing' in browser) throw new Error(browser.missing)
  const folder = mkdtempSync(join(tmpdir(), 'diffeo-webpack-'))
  try {
    await installPacked(folder)
    writeFiles(folder, webpackProject)
    await webpacked(folder, 'production')
    const { same, sameInWorker } = await outcome(browser, folder, '/webpack/')
    console.log(
      `webpack, minified: trained, saved and loaded ${same && sameInWorker ? 'alike in the page and in its worker' : 'differently'}`,
    )
    if (!same || !sameInWorker) process.exitCode = 1
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true })
  }
}

if (wants('size')) {
  const folder = fileURLToPath(new URL('..', import.meta.url))
  for (const page of sizedPages) {
    const size = await sizeOf(page, folder)
    console.log(`${page.name}: ${size.minified} bytes minified, ${size.gzip} by gzip, ${size.brotli} by brotli; at most ${page.budget} kB`)
    if (flags.save) keepFindings([{ page: page.name, size, budget: page.budget }])
  }
}
if (wants('webpack')) await runWebpack()
if (wants('laws') && (await runLaws()) > 0) process.exitCode = 1
