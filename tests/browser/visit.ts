import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { startChromium } from './chromium.ts'
import { bundle, serve } from './site.ts'
import type { Site } from './site.ts'

/** What a test in a browser needs: a page that has run the program, and the site that it came from. */
export interface Visit {
  readonly browser: Browser
  readonly page: Page
  readonly site: Site
  /** Calls what the program left in `globalThis.tasks`; arguments and result travel as JSON. */
  call<A>(task: string, ...args: ReadonlyArray<unknown>): Promise<A>
  close(): Promise<void>
}

const alias = { '@diffeo/testing': fileURLToPath(new URL('testing-in-page.ts', import.meta.url)) }

/** Opens a page that runs a program, on a site that has a folder's files and further programs by their paths. */
export const visit = async (
  browser: Browser,
  program: string,
  { files, programs = {} }: { readonly files?: string; readonly programs?: { readonly [path: string]: string } } = {},
): Promise<Visit> => {
  const all = Object.entries({ '/program.js': program, ...programs })
  const codes = await Promise.all(all.map(async ([path, entry]) => [path, await bundle(entry, { alias })] as const))
  const site = await serve(files, {
    '/': '<!doctype html><meta charset="utf-8"><title>tests</title><script type="module" src="/program.js"></script>',
    '/favicon.ico': '',
    ...Object.fromEntries(codes),
  })
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', error => problems.push(error.stack ?? error.message))
  page.on('console', message => void (message.type() === 'error' && problems.push(message.text())))
  await page.goto(site.url)
  await page
    .waitForFunction(() => 'tasks' in globalThis, undefined, { timeout: 60_000 })
    .catch(() => {
      throw new Error(`the page did not start: ${problems.join('\n')}`)
    })
  return {
    browser,
    page,
    site,
    call: (task, ...args) =>
      page.evaluate(
        ([name, list]) => {
          const { tasks } = globalThis as unknown as { readonly tasks: { readonly [name: string]: (...args: unknown[]) => unknown } }
          return tasks[name]!(...list)
        },
        [task, args] as const,
      ) as Promise<never>,
    close: async () => {
      await page.close()
      await site.close()
    },
  }
}

export { startChromium }
