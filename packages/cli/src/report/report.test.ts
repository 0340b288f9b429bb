import { equal, is, ok, suite } from '@diffeo/testing'
import { nsf } from '@diffeo/core'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DOMParser } from 'linkedom'
import { fakeRecord, fakeResult, fakeSchema } from '../../test/library.ts'
import { matrix } from '@diffeo/train'
import { renderReport } from './render.ts'
import { standaloneSvg } from './svg.ts'
import { reportInput, writeReport } from './write.ts'

const s = suite('cli: report')
const folder = mkdtempSync(join(tmpdir(), 'diffeo-report-'))
s.after(() => rmSync(folder, { recursive: true, force: true }))

const resultOf = (columns: ReadonlyArray<string>, given: ReadonlyArray<string> = [], density = true): ReturnType<typeof fakeResult> =>
  fakeResult(fakeSchema(columns, given), fakeRecord({ seed: 3 }, 300, density))
const htmlOf = async (...from: Parameters<typeof resultOf>): Promise<string> =>
  renderReport(await reportInput(await resultOf(...from))).html

s.test('one page that needs nothing else, with all its sections', async () => {
  const html = await htmlOf(['length', 'width', 'weight'])
  is(/http|src=|@import|url\((?!#)|<script|<link/.test(html), false, 'nothing from outside')
  for (const title of ['Held-out log-likelihood', 'Data and samples', 'Calibration', 'Training', 'Columns', 'How to do it again'])
    ok(html.includes(`<h2>${title}</h2>`), title)
  is(html.includes('<h2>The density</h2>'), false, 'three columns have no map')
  ok(html.includes('<h1>Neural spline flow fitted to table.csv</h1>'))
  ok(html.includes('3 columns (length, width, weight)') && html.includes('learned from 260 rows'))
  ok(html.includes('−4.100 ± 0.050 nats per row, 0.100 ± 0.020 below the best baseline, the Gaussian mixture'))
  ok(html.includes('repeat on a step of 0.5'))
  ok(html.includes('kept: epoch 2'))
  ok(html.includes('&#34;_tag&#34;: &#34;rationalQuadratic&#34;'))
  ok(/prefers-color-scheme: dark/.test(html) && /@media print/.test(html) && /width=device-width/.test(html))
})

s.test('the table of scores is ranked, the flow in bold', async () => {
  const html = await htmlOf(['a', 'b', 'c'])
  const rows = [...html.slice(html.indexOf('Held-out'), html.indexOf('Data and samples')).matchAll(/<tr( class="own")?><td>([^<]*)/g)].map(
    ([, own, name]) => [name, own !== undefined],
  )
  equal(rows, [
    ['Gaussian mixture', false],
    ['flow', true],
    ['Gaussian', false],
  ])
})

s.test('two columns have a map of their density; given columns are held at their medians', async () => {
  ok((await htmlOf(['a', 'b'])).includes('<h2>The density</h2>'))
  const html = await htmlOf(['a', 'b'], ['t'])
  ok(html.includes('The given columns (t) are held at their medians.'))
  ok(html.includes('>t (given)<'))
})

s.test('one column, and more columns than fit', async () => {
  const { html, pictures } = renderReport(await reportInput(await resultOf(['only'])))
  ok(html.includes('1 column (only)'))
  ok(pictures.some(({ name }) => name === 'corner'))
  const wide = await htmlOf(Array.from({ length: 11 }, (_, i) => `x${i}`))
  ok(wide.includes('The first 8 of 11 columns are shown.'))
})

s.test('a conditional fit shows the checks of its posterior', async () => {
  const { html, pictures } = renderReport(await reportInput(await resultOf(['a', 'b'], ['t'])))
  ok(html.includes('<h3>Given the conditioning columns</h3>') && html.includes('simulation-based calibration') && html.includes('TARP'))
  equal(
    pictures.map(({ name }) => name),
    ['loss', 'corner', 'density', 'pit', 'coverage', 'sbc', 'tarp'],
  )
  is((await htmlOf(['a', 'b'])).includes('TARP'), false)
})

s.test('names from a file are text, never markup', async () => {
  const html = await htmlOf(['<script>alert(1)</script>', 'a"b\'c&d', 'x\u202ey'])
  is(html.includes('<script'), false)
  is(html.includes('\u202e'), false)
  ok(html.includes('&#60;script&#62;alert(1)&#60;/script&#62;'))
})

s.test('values kept as they are: the page says that the nats mean nothing', async () => {
  ok((await htmlOf(['a', 'b', 'c'], [], false)).includes('the log-likelihoods below mean nothing'))
  is((await htmlOf(['a', 'b', 'c'])).includes('mean nothing'), false)
})

s.test('a fit without test rows, baselines or calibration has a report too', async () => {
  const { model } = await resultOf(['a', 'b'])
  const bare = { ...model, record: { ...model.record, test: null, epochs: [], best: null, notes: [] } }
  const { html, pictures } = renderReport(await reportInput({ model: bare, heldOut: undefined, evaluation: undefined }))
  equal(pictures, [])
  for (const title of ['Held-out', 'Data and samples', 'Calibration']) is(html.includes(`<h2>${title}`), false)
  ok(html.includes('<h2>Columns</h2>'))
  const whole = await resultOf(['a', 'b'])
  const uncalibrated = {
    ...whole,
    evaluation: { ...whole.evaluation!, pit: [], coverage: undefined, c2st: undefined, energy: undefined, sbc: undefined, tarp: undefined },
  }
  is(renderReport(await reportInput(uncalibrated)).html.includes('<h2>Calibration'), false)
})

s.test('one epoch, no validation, losses that are not finite', async () => {
  const { model, ...rest } = await resultOf(['a', 'b', 'c'])
  const epochs = [{ epoch: 1, step: 5, train: 2, validation: NaN, learningRate: 0.1 }]
  const one = renderReport(await reportInput({ ...rest, model: { ...model, record: { ...model.record, epochs, best: null } } }))
  is(/NaN|Infinity/.test(one.html.slice(one.html.indexOf('<svg'), one.html.lastIndexOf('</svg>'))), false)
})

s.test('strange samples do not break a picture', async () => {
  const input = await reportInput(await resultOf(['a', 'b', 'c']))
  const odd = [NaN, Infinity, 1e300, -1e300]
  const strange = {
    ...input,
    samples: matrix(
      300,
      3,
      Float64Array.from({ length: 900 }, (_, i) => odd[i % 4]!),
    ),
  }
  const equalRows = { ...input, rows: matrix(300, 3, new Float64Array(900)), samples: matrix(300, 3, new Float64Array(900)) }
  const large = {
    ...input,
    rows: matrix(
      300,
      3,
      Float64Array.from({ length: 900 }, (_, i) => 1.16e9 + i),
    ),
    samples: input.samples,
  }
  for (const one of [strange, equalRows, large]) {
    const { html } = renderReport(one)
    is(/d="[^"]*NaN|"NaN"/.test(html), false)
  }
})

s.test('the same result gives the same bytes, also in one process', async () => {
  const [first, second] = [join(folder, 'first'), join(folder, 'second')]
  const names = await writeReport(first, await resultOf(['a', 'b']))
  equal(await writeReport(second, await resultOf(['a', 'b'])), names)
  equal(readdirSync(first).sort(), ['corner.svg', 'coverage.svg', 'density.svg', 'loss.svg', 'pit.svg', 'report.html'])
  for (const name of names) is(readFileSync(join(first, name), 'utf8'), readFileSync(join(second, name), 'utf8'), name)
  is(/plot-clip/.test(readFileSync(join(first, 'report.html'), 'utf8')), false)
})

s.test('ids of one page are distinct, and every reference finds its own', async () => {
  const html = await htmlOf(['a', 'b', 'c'])
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!)
  is(new Set(ids).size, ids.length)
  const references = [...html.matchAll(/url\(#([^)]+)\)/g)].map(([, id]) => id!)
  ok(references.length > 0 && references.every(id => ids.includes(id)))
})

s.test('pictures stand alone: a namespace, white paper, no variables, well-formed', async () => {
  for (const { name, title, svg } of renderReport(await reportInput(await resultOf(['a<b', 'c&d']))).pictures) {
    const file = standaloneSvg(svg, name, title)
    ok(file.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg"'), name)
    ok(file.includes('<rect width="100%" height="100%" fill="white"/>') && file.includes('font-family="sans-serif"'))
    is(file.includes('var('), false, name)
    const tags = [...file.matchAll(/<(\/?)([a-zA-Z]+)[^<>]*?(\/?)>/g)].filter(([, , tag, closed]) => closed === '' && tag !== 'xml')
    is(tags.filter(([, end]) => end === '').length, tags.filter(([, end]) => end === '/').length, `${name}: every element is closed`)
    is(new DOMParser().parseFromString(file, 'image/svg+xml').querySelectorAll('svg').length > 0, true)
  }
})

s.test('the spec of the page is the spec of the model', async () => {
  const html = await htmlOf(['a', 'b', 'c'])
  const text = /<pre>([^]*?)<\/pre>/.exec(html)![1]!.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
  equal(JSON.parse(text), JSON.parse(JSON.stringify(nsf({ layers: 3 }))))
})

s.run()
