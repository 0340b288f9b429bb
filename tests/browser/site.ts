import { build } from 'esbuild'
import type { BuildOptions } from 'esbuild'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'

/** A web server that knows only how to hand out files: no headers for cross-origin isolation, as a static host has none. */
export interface Site {
  readonly url: string
  close(): Promise<void>
}

const types: { readonly [ending: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/** An address below the root, and no other. */
const within = (root: string, address: string): string | undefined => {
  const path = join(root, decodeURIComponent(new URL(address, 'http://site').pathname))
  const file = path.endsWith('/') ? join(path, 'index.html') : path
  return existsSync(file) && statSync(file).isFile() ? file : undefined
}

/** Serves a folder, and pages made up of text. */
export const serve = async (root: string | undefined, pages: { readonly [path: string]: string } = {}): Promise<Site> => {
  const server = createServer((request, response) => {
    const page = pages[request.url!]
    const file = page !== undefined || root === undefined ? undefined : within(root, request.url!)
    const type = types[extname(file ?? request.url!)] ?? (page === undefined ? 'application/octet-stream' : types['.html']!)
    if (page === undefined && file === undefined) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': type })
    if (file === undefined) response.end(page)
    else createReadStream(file).pipe(response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** A module and all that it imports as one text, as a page takes it. */
export const bundle = async (entry: string, options: Pick<BuildOptions, 'alias'> = {}): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    ...options,
  })
  return outputFiles[0]!.text
}
