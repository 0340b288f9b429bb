import { equal, ok, throws } from '@diffeo/testing'
import { fit, loadModel, nsf } from 'diffeo'
import type { BackendName } from 'diffeo'
import { key, random } from '@diffeo/core'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { browserSuite } from './browser-suite.ts'
import { fromText, toText } from './bytes.ts'
import { startChromium, visit } from './visit.ts'
import type { Visit } from './visit.ts'

/** Bananas: y bends with x. */
const bananas = (n: number): ReadonlyArray<readonly [number, number]> => {
  const normal = random.normal(key(0), [n, 2])
  const [values] = [normal.dataSync()]
  normal.dispose()
  return Array.from({ length: n }, (_, i) => [values[2 * i]!, values[2 * i + 1]! * 0.5 + values[2 * i]! ** 2])
}

/** The largest |a - b| / (1 + |b|). */
const farthest = (actual: ReadonlyArray<number>, expected: ArrayLike<number>): number =>
  actual.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!) / (1 + Math.abs(expected[i]!))), 0)

/** A model that a page has fitted, its scores there, and how many tensors it left. */
interface FitInPage {
  readonly model: string
  readonly scores: ReadonlyArray<number>
  readonly left: number
}

const browser = await startChromium()
const s = browserSuite('models in a browser', browser)
const rows = bananas(400)
const probes = bananas(100).map(([x, y]) => [3 * x, 3 * y])
const program = fileURLToPath(new URL('model-page.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'diffeo-browser-'))
const state: { visit?: Visit; model?: string; scores?: Float64Array } = {}
const call: Visit['call'] = (task, ...args) => state.visit!.call(task, ...args)

s.before(async () => {
  if ('missing' in browser) return
  const model = await fit(rows, { flow: nsf({ layers: 3, hidden: [16] }), steps: 60, baselines: false, calibration: false })
  state.scores = await model.logProb(probes)
  state.model = toText(model.encode())
  writeFileSync(join(folder, 'model.safetensors'), model.encode())
  writeFileSync(
    join(folder, 'strict.html'),
    `<!doctype html><meta http-equiv="Content-Security-Policy" content="script-src 'self'"><script type="module" src="/program.js"></script>`,
  )
  state.visit = await visit(browser, program, { files: folder })
})
s.after(async () => {
  await state.visit?.close()
  rmSync(folder, { recursive: true })
})

s.test('a plain page, not isolated: loading a model starts wasm', async () => {
  equal(await call('isolated'), false)
  equal(await call('loadFirst', state.model), [undefined, 'wasm'])
})

const allowed: ReadonlyArray<readonly [BackendName, number]> = [
  ['wasm', 1e-4],
  ['cpu', 1e-4],
  ['webgl', 1e-3],
]
allowed.forEach(([name, most]) => {
  s.test(`${name}: a model fitted in Node has the same log-densities`, async () => {
    const worst = farthest(await call('logProb', name, state.model, probes), state.scores!)
    ok(worst <= most, `off by ${worst} (1 + |log p|)`)
  })
})

const back: ReadonlyArray<readonly [BackendName, number, number]> = [
  ['wasm', 60, 1e-4],
  ['cpu', 60, 1e-4],
  ['webgl', 3, 1e-3],
]
back.forEach(([name, steps, most]) => {
  s.test(
    `${name}: a model fitted in the page has the same log-densities in Node`,
    async () => {
      const { model, scores, left } = await call<FitInPage>('fit', name, rows, steps)
      const loaded = await loadModel(fromText(model))
      const worst = farthest(scores, await loaded.logProb(rows.slice(0, 100)))
      loaded.dispose()
      ok(worst <= most, `off by ${worst} (1 + |log p|)`)
      equal(left, 0, 'tensors left in the page')
    },
    { seconds: 120 },
  )
})

// beside SwiftShader's WebGL a device of WebGPU is lost with the first product, and takes the WebGL of its page along
s.test('webgpu gives the same log-densities both ways, or is refused with what to do, and what ran before stays', async () => {
  if ('missing' in browser) return
  const other = await visit(browser, program, { files: folder })
  const failure = await other.call<string>('start', 'webgpu')
  if (failure === '') {
    const there = farthest(await other.call('logProb', 'webgpu', state.model, probes), state.scores!)
    const { model, scores, left } = await other.call<FitInPage>('fit', 'webgpu', rows, 3)
    const loaded = await loadModel(fromText(model))
    const back = farthest(scores, await loaded.logProb(rows.slice(0, 100)))
    loaded.dispose()
    console.log(`webgpu in Chromium ${browser.version()}: off by ${there} there and ${back} back (1 + |log p|)`)
    ok(there <= 1e-3 && back <= 1e-3, `off by ${there} there and ${back} back (1 + |log p|)`)
    equal(left, 0, 'tensors left in the page')
  } else {
    ok(/^useBackend: expected 'webgpu' to start, got .*; use 'wasm'/.test(failure), failure)
    equal(await other.call('backend'), 'wasm', 'where nothing ran before')
    await other.call('start', 'cpu')
    ok((await other.call<string>('start', 'webgpu')) !== '')
    equal(await other.call('backend'), 'cpu')
  }
  await other.close()
})

s.test('webgl that computes in float16 only is refused, and what ran before stays', async () => {
  await call('start', 'cpu')
  const message = await call<string>('startOnFloat16')
  throws(() => {
    throw new Error(message)
  }, /^useBackend: expected 'webgl' to start, got a WebGL that computes in float16 only, .*; use 'wasm'$/)
  equal(await call('backend'), 'cpu')
})

s.test('a page whose policy forbids WebAssembly: an error says what to add, and what is chosen by itself runs op by op', async () => {
  if ('missing' in browser) return
  const page = await browser.newPage()
  await page.goto(`${state.visit!.site.url}/strict.html`)
  await page.waitForFunction(() => 'tasks' in globalThis)
  interface Tasks {
    readonly start: (name?: BackendName) => Promise<string>
    readonly logProb: (name: BackendName, model: string, rows: ReadonlyArray<ReadonlyArray<number>>) => Promise<ReadonlyArray<number>>
  }
  const [message, otherwise, scores] = await page.evaluate(
    async ([model, rows]) => {
      const { start, logProb } = (globalThis as unknown as { readonly tasks: Tasks }).tasks
      return [await start('wasm'), await start(), await logProb('cpu', model, rows)] as const
    },
    [state.model!, probes] as const,
  )
  ok(/a page that forbids WebAssembly; add 'wasm-unsafe-eval' to script-src/.test(message), message)
  equal(otherwise, '')
  const worst = farthest(scores, state.scores!)
  ok(worst <= 1e-4, `off by ${worst} (1 + |log p|)`)
  await page.close()
})

s.test('a model is loaded by its address, and an address without one is an error that names it', async () => {
  const worst = farthest(await call('logProbAt', 'model.safetensors', probes), state.scores!)
  ok(worst <= 1e-4, `off by ${worst} (1 + |log p|)`)
  const failure = await call<string>('failureOf', 'nowhere.safetensors')
  ok(/nowhere\.safetensors: expected a file that can be fetched, got status 404/.test(failure), failure)
})

s.test('save offers a download of the bytes that Node writes', async () => {
  const download = state.visit!.page.waitForEvent('download')
  await call('save', state.model, 'bananas.safetensors')
  const file = await download
  equal(file.suggestedFilename(), 'bananas.safetensors')
  ok(readFileSync(await file.path()).equals(fromText(state.model!)))
})

s.test('checkpoints stand in the private file system: a resumed fit has the same bits', async () => {
  equal(await call('resumed', rows), [true, false])
})

s.run()
