/* The demo page as a person uses it: `npm run demo -- check`. Takes a minute, and so is not one of the tests that every change passes. */
import { equal, ok } from '@diffeo/testing'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDemo, startDemo } from './demo-visit.ts'
import type { Demo, DemoWindow } from './demo-visit.ts'
import { browserSuite } from './browser-suite.ts'
import { tasksOfPage } from './tasks-of-page.ts'
import { startChromium } from './visit.ts'

/** A folder for screenshots, light and dark, for those who want to look at them. */
const pictures = process.env['DIFFEO_PICTURES']
/** Whether wall-clock times are held against their limits: on a machine that does nothing else. */
const isTimed = process.env['DIFFEO_TIMED'] !== undefined

const browser = await startChromium()
const s = browserSuite('the demo page', browser)
const folder = mkdtempSync(join(tmpdir(), 'diffeo-demo-files-'))
const state: { demo?: Demo; desk?: DemoWindow; phone?: DemoWindow } = {}
const saved = join(folder, 'two-moons.safetensors')

const picture = async ({ page }: DemoWindow, name: string): Promise<void> => {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(300) // the plots are drawn anew
    await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`), fullPage: true })
  }
}

s.before(async () => {
  if ('missing' in browser) return
  state.demo = await startDemo()
  state.desk = await openDemo(browser, state.demo, { width: 1280, height: 900, colorScheme: 'light' })
})
s.after(async () => {
  await state.demo?.close()
  rmSync(folder, { recursive: true })
})

s.test(
  'two moons: five seconds of training resemble the data, and no task of the page takes over 50 ms',
  async () => {
    if ('missing' in browser) return
    const { page, share, stop } = state.desk!
    await page.waitForTimeout(2000) // a second after it opened a page, Chromium tears the blank page before it down, on the same thread
    const start = performance.now()
    const seconds: { resembles?: number } = {}
    const { heaviest, longest, workers } = await tasksOfPage(browser, page, async () => {
      await page.click('#train')
      while ((await share()) < 80) {
        ok(performance.now() - start < 90_000, 'the picture never resembled the data')
        await new Promise(resolve => setTimeout(resolve, 50))
      }
      seconds.resembles = (performance.now() - start) / 1000
      await stop()
    })
    console.log(
      `resembles after ${seconds.resembles!.toFixed(1)} s, ${workers.toFixed(1)} s of the worker's processor time; the heaviest task of the page took ${heaviest.toFixed(0)} ms of it, the longest ${longest.toFixed(0)} ms by the clock`,
    )
    ok(heaviest < 50, `a task of ${heaviest} ms`)
    ok(workers < 5, `${workers} s of processor time`)
    ok(!isTimed || longest < 50, `a task took ${longest} ms`)
    ok(!isTimed || seconds.resembles! < 5, `it took ${seconds.resembles} s`)
  },
  { seconds: 120 },
)

s.test(
  'a model is saved, moves to other backends, and is loaded again',
  async () => {
    const { page, share, says } = state.desk!
    const before = await share()
    const download = page.waitForEvent('download')
    await page.click('#save')
    const file = await download
    equal(file.suggestedFilename(), 'two-moons.safetensors')
    await file.saveAs(saved)
    ok(readFileSync(saved).length > 10_000)
    for (const [id, most] of [
      ['cpu', 1e-4],
      ['webgl', 1e-2],
    ] as const) {
      await page.selectOption('#backend', id)
      const said = await says(/^The model moved/)
      ok(Number(/at most (\S+)\.$/.exec(said)![1]) <= most, said)
      ok(Math.abs((await share()) - before) <= 1)
    }
    await page.reload()
    await says(/^Ready\.$/)
    equal(await share(), 0)
    await page.setInputFiles('#load', saved)
    await says(/^Loaded two-moons\.safetensors/)
    while ((await share()) === 0) await new Promise(resolve => setTimeout(resolve, 50)) // drawn with the next frame
    ok(Math.abs((await share()) - before) <= 1)
    await picture(state.desk!, 'desk')
  },
  { seconds: 120 },
)

s.test('a file that is no model is an error that says so, and what there is stays', async () => {
  const { page, says, words } = state.desk!
  const before = await words()
  await page.setInputFiles('#load', {
    name: 'poem.safetensors',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from('roses are red'),
  })
  await says(/^poem\.safetensors: .*expected/)
  equal(await words(), before)
})

s.test(
  'on a phone: points drawn by pointer and by keys, trained on',
  async () => {
    if ('missing' in browser) return
    const phone = await openDemo(browser, state.demo!, { width: 360, height: 740, colorScheme: 'dark' })
    const { page, says, words, share, stop } = phone
    state.phone = phone
    ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than the window')
    await page.check('input[value=draw]', { force: true })
    const square = (await page.locator('#hero').boundingBox())!
    await page.locator('#hero').scrollIntoViewIfNeeded()
    const { y } = (await page.locator('#hero').boundingBox())!
    const at = (k: number): readonly [number, number] => [
      square.x + square.width * (0.5 + 0.35 * Math.cos(k / 4)),
      y + square.height * (0.5 + 0.3 * Math.sin(k / 4)),
    ]
    await page.mouse.move(...at(0))
    await page.mouse.down()
    for (let k = 1; k < 26; k++) await page.mouse.move(...at(k))
    await page.mouse.up()
    await page.focus('#hero')
    for (const key of ['ArrowUp', 'ArrowUp', 'Space', 'ArrowLeft', 'Space']) await page.keyboard.press(key)
    const drawn = Number(/: (\d+) points/.exec(await words())![1])
    ok(drawn >= 200, `${drawn} points`)
    await page.click('#train')
    // a fast machine is done before it is asked
    await says(/^(Training: step|Done)/)
    while ((await share()) < 40) await new Promise(resolve => setTimeout(resolve, 50))
    await stop()
    await picture(phone, 'phone')
  },
  { seconds: 120 },
)

s.test('the page asked nothing of the network, and nothing went wrong in it', () => {
  equal([...state.desk!.problems, ...state.phone!.problems], [])
})

s.run()
