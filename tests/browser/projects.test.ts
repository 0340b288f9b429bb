/* Users' projects: the packed packages are installed into an empty folder, and nothing is configured. */
import { equal, ok } from '@diffeo/testing'
import { loadModel } from 'diffeo'
import { build as esbuild } from 'esbuild'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build as vite } from 'vite'
import { browserSuite } from './browser-suite.ts'
import { html, outcome, pageCode, webpacked, webpackProject, work, workerCode } from './fresh-project.ts'
import type { Result } from './fresh-project.ts'
import { command, installPacked, writeFiles } from './packed.ts'
import { sizeOf, sizedPages } from './page-size.ts'
import { startChromium } from './visit.ts'

const folder = mkdtempSync(join(tmpdir(), 'diffeo-projects-'))

/** Where a page without a bundler finds the package. */
const besideModules = '../node_modules/diffeo/dist/static/diffeo.js'

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
    'vite/main.js': pageCode(false),
    'vite/index.html': html('./main.js'),
    'esbuild/work.js': work('diffeo'),
    'esbuild/main.js': pageCode(false),
    'esbuild/index.html': html('./bundle.js'),
    ...webpackProject,
    'static/work.js': work(besideModules),
    'static/main.js': pageCode(true),
    'static/fit.worker.js': workerCode(besideModules),
    'static/index.html': html('./main.js'),
  })
})
s.after(() => rmSync(folder, { recursive: true }))

/** Opens a page of a project. */
const opened = (root: string, path: string): Promise<Result> => {
  if ('missing' in browser) throw new Error(browser.missing)
  return outcome(browser, root, path)
}

const expectDone = ({ same, sameInWorker, rows }: Result, hasWorker = false): void => {
  ok(same, 'the loaded model has the log-densities of the one that was saved')
  equal(sameInWorker, hasWorker ? true : undefined)
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
  expectDone(await opened(outDir, '/'))
})

s.test('esbuild, without a configuration', async () => {
  const project = join(folder, 'esbuild')
  await esbuild({ entryPoints: [join(project, 'main.js')], bundle: true, outfile: join(project, 'bundle.js'), logLevel: 'error' })
  expectDone(await opened(project, '/'))
})

s.test(
  'webpack, without a configuration, and with a worker',
  async () => {
    await webpacked(folder, 'development')
    expectDone(await opened(folder, '/webpack/'), true)
  },
  { seconds: 120 },
)

s.test('a static page: a script of type module, no bundler, and a worker', async () => {
  expectDone(await opened(folder, '/static/'), true)
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
