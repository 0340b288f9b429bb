/* Users' projects: the packed packages are installed into an empty folder, and nothing is configured. */
import { equal, ok } from '@diffeo/testing'
import { loadModel } from 'diffeo'
import { build as esbuild } from 'esbuild'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build as vite } from 'vite'
import { browserSuite } from './browser-suite.ts'
import { command, installPacked, writeFiles } from './packed.ts'
import { sizeOf, sizedPages } from './page-size.ts'
import { serve } from './site.ts'
import { startChromium } from './visit.ts'

const folder = mkdtempSync(join(tmpdir(), 'diffeo-projects-'))

/** What every project does, wherever it runs: train 100 steps, save, load, and compare. */
const work = (from: string): string => `import { fit, key, loadModel, nsf, random, tidy, useBackend } from '${from}'

export const work = async save => {
  await useBackend()
  const values = tidy(() => random.normal(key(0), [300, 2])).dataSync()
  const rows = Array.from({ length: 300 }, (_, i) => ({ x: values[2 * i], y: values[2 * i + 1] + values[2 * i] ** 2 }))
  const options = { flow: nsf({ layers: 3, hidden: [8] }), steps: 100, baselines: false, calibration: false }
  const model = await fit(rows, options)
  const before = await model.logProb(rows)
  const loaded = await loadModel(await save(model))
  const after = await loaded.logProb(rows)
  return { same: before.every((value, i) => value === after[i]), steps: model.record.steps, first: before[0], rows: await loaded.sample(3) }
}
`
const pageCode = `import { work } from './work.js'

// a function, so that formats without top-level await do
const main = async () => {
  globalThis.result = await work(async model => {
    await model.save('page.safetensors')
    return model.encode()
  })
}
main().catch(error => { globalThis.result = { error: String(error.stack ?? error) } })
`
const html = (script: string): string =>
  `<!doctype html><meta charset="utf-8"><title>fresh</title><script type="module" src="${script}"></script>`

interface Result {
  readonly error?: string
  readonly same: boolean
  readonly first: number
  readonly rows: ReadonlyArray<unknown>
}

const browser = await startChromium()
const s = browserSuite('fresh projects', browser)

s.before(async () => {
  await installPacked(folder)
  writeFiles(folder, {
    'node/work.js': work('diffeo'),
    'node/main.js': `import { work } from './work.js'
const path = process.argv[2]
const result = await work(async model => (await model.save(path), path))
console.log(JSON.stringify(result))
`,
    'vite/work.js': work('diffeo'),
    'vite/main.js': pageCode,
    'vite/index.html': html('./main.js'),
    'esbuild/work.js': work('diffeo'),
    'esbuild/main.js': pageCode,
    'esbuild/index.html': html('./bundle.js'),
    'static/work.js': work('../node_modules/diffeo/dist/static/diffeo.js'),
    'static/main.js': pageCode,
    'static/index.html': html('./main.js'),
  })
})
s.after(() => rmSync(folder, { recursive: true }))

/** Opens a page, waits for its result, and loads in Node what it saved. */
const outcome = async (root: string, path: string): Promise<Result> => {
  if ('missing' in browser) throw new Error(browser.missing)
  const site = await serve(root)
  const page = await browser.newPage()
  const requests: string[] = []
  page.on('request', request => void (/^https?:/.test(request.url()) && requests.push(request.url())))
  try {
    const download = page.waitForEvent('download')
    await page.goto(`${site.url}${path}`)
    await page.waitForFunction(() => 'result' in globalThis, undefined, { timeout: 60_000 })
    const result = await page.evaluate(() => (globalThis as unknown as { readonly result: Result }).result)
    if (result.error !== undefined) throw new Error(result.error)
    ok(
      requests.every(url => url.startsWith(site.url)),
      `nothing is loaded from elsewhere: ${requests.join(' ')}`,
    )
    const loaded = await loadModel(readFileSync(await (await download).path()))
    const scores = await loaded.logProb(result.rows as never)
    ok(scores.every(Number.isFinite))
    loaded.dispose()
    return result
  } finally {
    await page.close()
    await site.close()
  }
}

const expectDone = ({ same, rows }: Result): void => {
  ok(same, 'the loaded model has the log-densities of the one that was saved')
  equal(rows.length, 3)
}

s.test('Node: ES modules', async () => {
  const file = join(folder, 'node', 'model.safetensors')
  const result = JSON.parse(await command(join(folder, 'node'), process.execPath, 'main.js', file)) as Result
  expectDone(result)
  const loaded = await loadModel(file)
  equal((await loaded.sample(2)).length, 2)
  loaded.dispose()
})

s.test('Vite, without a configuration', async () => {
  const outDir = join(folder, 'vite', 'dist')
  await vite({ root: join(folder, 'vite'), configFile: false, logLevel: 'error', build: { outDir } })
  expectDone(await outcome(outDir, '/'))
})

s.test('esbuild, without a configuration', async () => {
  const project = join(folder, 'esbuild')
  await esbuild({ entryPoints: [join(project, 'main.js')], bundle: true, outfile: join(project, 'bundle.js'), logLevel: 'error' })
  expectDone(await outcome(project, '/'))
})

s.test('a static page: a script of type module, no bundler', async () => {
  expectDone(await outcome(folder, '/static/'))
})

sizedPages.forEach(page =>
  s.test(`size: ${page.name}`, async () => {
    const { brotli } = await sizeOf(page, folder)
    ok(brotli <= page.budget * 1000, `expected at most ${page.budget} kB by brotli, got ${brotli / 1000}`)
  }),
)

s.test('no package brings tests or a configuration along', () => {
  const packages = [...readdirSync(join(folder, 'node_modules/@diffeo')).map(name => `@diffeo/${name}`), 'diffeo']
  packages.forEach(name => {
    const files = readdirSync(join(folder, 'node_modules', name), { recursive: true, encoding: 'utf8' })
    equal(
      files.filter(file => /\.test\.|tsconfig|tsbuildinfo/.test(file)),
      [],
    )
  })
})

s.run()
