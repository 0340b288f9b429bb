/* The demo page in a browser, as a person uses it. */
import type { Browser, Page } from 'playwright-core'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { serve } from './site.ts'
import type { Site } from './site.ts'

/** The page, built and served. */
export interface Demo {
  readonly site: Site
  close(): Promise<void>
}

/** Builds the page into a folder of its own and serves that. */
export const startDemo = async (): Promise<Demo> => {
  const folder = mkdtempSync(join(tmpdir(), 'diffeo-demo-'))
  const root = fileURLToPath(new URL('../../docs/demo', import.meta.url))
  await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'error', build: { outDir: folder, emptyOutDir: true } })
  const site = await serve(folder)
  return {
    site,
    close: async () => {
      await site.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** A window on the page. `problems` are errors and requests to anywhere else. */
export interface DemoWindow {
  readonly page: Page
  readonly problems: ReadonlyArray<string>
  status(): Promise<string>
  words(): Promise<string>
  /** The share of the model's probability that lies where the points lie, as the page says it; 0 before there is a model. */
  share(): Promise<number>
  /** Presses Stop, where it still trains, and waits for the end. */
  stop(): Promise<void>
  /** Waits until the status line matches. */
  says(pattern: RegExp, seconds?: number): Promise<string>
  /** Waits until the words beside the picture match. */
  describes(pattern: RegExp, seconds?: number): Promise<string>
}

interface WindowOptions {
  readonly width: number
  readonly height: number
  readonly colorScheme: 'light' | 'dark'
}

/** Opens the page and waits until its worker is up. */
export const openDemo = async (browser: Browser, { site }: Demo, { width, height, colorScheme }: WindowOptions): Promise<DemoWindow> => {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme })
  const problems: string[] = []
  page.on('pageerror', error => problems.push(error.message))
  page.on('console', message => void (message.type() === 'error' && problems.push(message.text())))
  page.on(
    'request',
    request => void (/^(blob|data):/.test(request.url()) || request.url().startsWith(site.url) || problems.push(request.url())),
  )
  await page.goto(site.url)
  const textOf = async (id: string): Promise<string> => (await page.textContent(`#${id}`)) ?? ''
  const matches =
    (id: string) =>
    async (pattern: RegExp, seconds = 90): Promise<string> => {
      const end = performance.now() + 1000 * seconds
      for (;;) {
        const text = await textOf(id)
        if (pattern.test(text)) return text
        if (performance.now() > end) throw new Error(`expected #${id} to say ${pattern} within ${seconds} s, it says '${text}'`)
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }
  const says = matches('status')
  const words = (): Promise<string> => textOf('words')
  await says(/^Ready\.$/)
  return {
    page,
    problems,
    status: () => textOf('status'),
    words,
    share: async () => Number(/(\d+)\s% of the model/.exec(await words())?.[1] ?? 0),
    stop: async () => {
      await page.evaluate(() => {
        const button = document.getElementById('train')!
        if (button.textContent === 'Stop') button.click()
      })
      await says(/^(Stopped|Done) after/)
    },
    says,
    describes: matches('words'),
  }
}
