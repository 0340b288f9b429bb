/** A contestant in a page of Chromium, spoken for by this process: `node chromium.ts <contestant>`; it does what it is told in JSON lines. */
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startChromium, visit } from '../browser/visit.ts'
import { mark } from './work.ts'
import type { Reply, Request } from './work.ts'

const say = (reply: Reply): void => void process.stdout.write(`${mark}${JSON.stringify(reply)}\n`)
const name = process.argv[2]
const browser = await startChromium()
const page = 'missing' in browser ? browser : await visit(browser, fileURLToPath(new URL('chromium-page.ts', import.meta.url)))

const answer = async (request: Request): Promise<Reply> => {
  if ('missing' in page) return { _tag: 'absent', why: page.missing }
  switch (request._tag) {
    case 'prepare': {
      const reply = await page.call<Reply>('prepare', name, request.work, request.warmSeconds)
      return reply._tag === 'ready' ? { ...reply, versions: `Chromium ${page.browser.version()}` } : reply
    }
    case 'run':
      return page.call('run', request.seconds)
    case 'memory':
      return { _tag: 'absent', why: 'a page does not know its memory' }
    default:
      return request satisfies never
  }
}

for await (const line of createInterface({ input: process.stdin }))
  try {
    say(await answer(JSON.parse(line) as Request))
  } catch (thrown) {
    say({ _tag: 'absent', why: thrown instanceof Error ? thrown.message : String(thrown) })
  }
if (!('missing' in browser)) await browser.close()
process.exit() // the site's server and the bundler would wait for more
