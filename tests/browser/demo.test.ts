import { equal, ok } from '@diffeo/testing'
import { browserSuite } from './browser-suite.ts'
import { openDemo, startDemo } from './demo-visit.ts'
import type { Demo } from './demo-visit.ts'
import { startChromium } from './visit.ts'

const browser = await startChromium()
const s = browserSuite('the demo page opens', browser)
const state: { demo?: Demo } = {}
s.before(async () => void (state.demo = await startDemo()))
s.after(() => state.demo!.close())

s.test('it is built, fits a phone, starts its worker, and asks nothing of the network', async () => {
  if ('missing' in browser) return
  const { page, problems, describes } = await openDemo(browser, state.demo!, { width: 360, height: 740, colorScheme: 'light' })
  ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than the window')
  await describes(/^Two moons: 2,000 points/)
  const unnamed = await page.evaluate(() =>
    [...document.querySelectorAll('input, select, button, canvas, svg, progress')]
      .filter(one => one.closest('[aria-hidden=true]') === null)
      .filter(
        one =>
          !(
            one.getAttribute('aria-label') ||
            one.getAttribute('aria-labelledby') ||
            one.textContent ||
            (one as HTMLInputElement).labels?.length
          ),
      )
      .map(one => one.outerHTML),
  )
  equal([unnamed, problems], [[], []])
})

s.test('by keyboard alone: Tab reaches all, arrow keys choose the data, Enter trains, Space stops', async () => {
  if ('missing' in browser) return
  const { page, says, describes, problems } = await openDemo(browser, state.demo!, { width: 1280, height: 900, colorScheme: 'light' })
  const { keyboard } = page
  const focused = (): Promise<string> =>
    page.evaluate(() => document.activeElement!.id || (document.activeElement as HTMLInputElement).name)
  const tabTo = async (id: string): Promise<void> => {
    for (let k = 0; k < 12 && (await focused()) !== id; k++) await keyboard.press('Tab')
    equal(await focused(), id)
  }
  await tabTo('data')
  await keyboard.press('ArrowRight')
  await describes(/^Rings: 2,000 points/)
  for (const id of ['flow', 'backend', 'train']) await tabTo(id)
  await keyboard.press('Enter')
  await says(/^(Training: step|Done)/)
  equal(await focused(), 'train')
  await keyboard.press('Space')
  await says(/^(Stopped|Done) after/)
  for (const id of ['save', 'load', 'show-density', 'show-data']) await tabTo(id)
  equal(problems, [])
})

s.run()
