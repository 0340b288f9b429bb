import chromium from '@sparticuz/chromium'
import { existsSync } from 'node:fs'
import { chromium as playwright } from 'playwright-core'
import type { Browser } from 'playwright-core'

/**
 * A Chromium to run: the one that `DIFFEO_CHROMIUM` names, else that of the npm package, which needs no download of its own, else the system's. The
 * package has it for Linux on x86-64.
 */
const executable = async (): Promise<string | undefined> => {
  const named = process.env['DIFFEO_CHROMIUM']
  if (named !== undefined) return named
  if (process.platform === 'linux' && process.arch === 'x64') return chromium.executablePath()
  return ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync)
}

/**
 * WebGL by software; nothing that a page of a user would not have: no cross-origin isolation, web security on. The npm package's own flags would hide
 * both.
 */
const args = [
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
