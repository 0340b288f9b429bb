import { suite } from '@diffeo/testing'
import type { Suite } from '@diffeo/testing'
import type { Browser } from 'playwright-core'

/** A suite in a browser: where none starts, its tests are skipped, each by its name; `DIFFEO_BROWSER=required` makes that a failure. */
export const browserSuite = (name: string, started: Browser | { readonly missing: string }): Suite => {
  const s = suite(name)
  if (!('missing' in started)) {
    s.after(() => started.close())
    return s
  }
  if (process.env['DIFFEO_BROWSER'] === 'required') throw new Error(`${name}: expected a browser, got none: ${started.missing}`)
  return { ...s, test: title => s.skip(title, started.missing), before: () => undefined, after: () => undefined }
}
