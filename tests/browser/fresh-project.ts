/* A user's project: the packed packages in an empty folder, and what is done in it. */
import { ok } from '@diffeo/testing'
import { loadModel } from 'diffeo'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import webpack from 'webpack'
import { serve } from './site.ts'

/** What every project does, wherever it runs: train 100 steps, save, load, and compare; and the same fit in a worker, where it has one. */
export const work = (from: string): string => `import { connectWorker, fit, key, loadModel, nsf, random, tidy, useBackend } from '${from}'

export const work = async (save, makeWorker) => {
  await useBackend()
  const values = tidy(() => random.normal(key(0), [300, 2])).dataSync()
  const rows = Array.from({ length: 300 }, (_, i) => ({ x: values[2 * i], y: values[2 * i + 1] + values[2 * i] ** 2 }))
  const options = { flow: nsf({ layers: 3, hidden: [8] }), steps: 100, baselines: false, calibration: false }
  const model = await fit(rows, options)
  const before = await model.logProb(rows)
  const isSame = scores => before.every((value, i) => value === scores[i])
  const loaded = await loadModel(await save(model))
  const same = isSame(await loaded.logProb(rows))
  const result = { same, rows: await loaded.sample(3) }
  if (makeWorker === undefined) return result
  const worker = await connectWorker(makeWorker())
  return { ...result, sameInWorker: isSame(await (await worker.fit(rows, options)).logProb(rows)) }
}
`

/** A worker's script. */
export const workerCode = (from: string): string => `import { serveWorker } from '${from}'

serveWorker()
`

/** How a page makes its worker. */
const madeWorker = "() => new Worker(new URL('./fit.worker.js', import.meta.url), { type: 'module' })"

/** A page's script. */
export const pageCode = (hasWorker: boolean): string => `import { work } from './work.js'

// a function, so that formats without top-level await do
const main = async () => {
  globalThis.result = await work(async model => {
    await model.save('page.safetensors')
    return model.encode()
  }, ${hasWorker ? madeWorker : 'undefined'})
}
main().catch(error => { globalThis.result = { error: String(error.stack ?? error) } })
`

export const html = (script: string): string =>
  `<!doctype html><meta charset="utf-8"><title>fresh</title><script type="module" src="${script}"></script>`

/** The files of a project for webpack. */
export const webpackProject: { readonly [path: string]: string } = {
  'webpack/work.js': work('diffeo'),
  'webpack/main.js': pageCode(true),
  'webpack/fit.worker.js': workerCode('diffeo'),
  'webpack/index.html': html('./dist/main.js'),
}

/** Builds that project; nothing is configured but where it lies. `production` minifies, which takes half a minute. */
export const webpacked = (folder: string, mode: 'development' | 'production'): Promise<void> => {
  const context = join(folder, 'webpack')
  const compiler = webpack({ context, entry: './main.js', output: { path: join(context, 'dist') }, mode })
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      const problem = error ?? (stats?.hasErrors() ? new Error(stats.toString({ preset: 'errors-only' })) : undefined)
      compiler.close(() => (problem ? reject(problem) : resolve()))
    })
  })
}

export interface Result {
  readonly error?: string
  readonly same: boolean
  readonly sameInWorker?: boolean
  readonly rows: ReadonlyArray<unknown>
}

/** Opens a page, waits for its result, and loads in Node what it saved. */
export const outcome = async (browser: Browser, root: string, path: string): Promise<Result> => {
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
