import chromium from '@sparticuz/chromium'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium as playwright } from 'playwright-core'
import type { Browser } from 'playwright-core'

/**
 * A Chromium to run: the one that `DIFFEO_CHROMIUM` names, else that of the npm package, which needs no download of its own, else the system's. The
 * package has it for Linux on x86-64.
 */
const executable = async (): Promise<string | undefined> => {
  const named = process.env['DIFFEO_CHROMIUM']
  if (named !== undefined) return named
  if (process.platform === 'linux' && process.arch === 'x64') return unpacked()
  return ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync)
}

const cache = fileURLToPath(new URL('../.cache', import.meta.url))

/**
 * The browser of the npm package, unpacked once. Tests run side by side: each that finds none unpacks it in a folder of its own, and the first to be
 * done gives it the common name.
 */
const unpacked = async (): Promise<string> => {
  const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly dependencies: { readonly [name: string]: string }
  }
  const folder = join(cache, `chromium-${dependencies['@sparticuz/chromium']}`)
  if (existsSync(folder)) return join(folder, 'chromium')
  mkdirSync(cache, { recursive: true })
  const own = mkdtempSync(join(cache, 'unpacking-'))
  const { TMPDIR } = process.env
  process.env['TMPDIR'] = own // where the package unpacks to
  try {
    await chromium.executablePath()
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
  }
  try {
    renameSync(own, folder)
  } catch {
    rmSync(own, { recursive: true }) // another one was first
  }
  return join(folder, 'chromium')
}

/**
 * WebGL by software, unless `DIFFEO_CHROMIUM_FLAGS` has other flags; nothing that a page of a user would not have: no cross-origin isolation, web security on. The npm package's own flags would hide
 * both.
 */
const args = process.env['DIFFEO_CHROMIUM_FLAGS']?.split(' ') ?? [
  '--no-sandbox',
  '--enable-unsafe-swiftshader',
  '--use-angle=swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
]

/** Why there is no browser here, or none that starts. */
export interface NoBrowser {
  readonly missing: string
}

/** Starts a headless Chromium. */
export const startChromium = async (): Promise<Browser | NoBrowser> => {
  try {
    const executablePath = await executable()
    if (executablePath === undefined) return { missing: 'no Chromium was found; set DIFFEO_CHROMIUM to the path of one' }
    return await playwright.launch({ executablePath, args, headless: true })
  } catch (thrown) {
    return { missing: thrown instanceof Error ? thrown.message.split('\n')[0]! : String(thrown) }
  }
}
