import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ContestantName } from './contestants/index.ts'
import { pinned } from './process.ts'

/** The peers in Python, which peers.py speaks for. */
export const pythonPeers = ['zuko', 'nflows', 'flowjax'] as const
export type PythonPeer = (typeof pythonPeers)[number]
export type Name = ContestantName | PythonPeer

export type PageName = 'chromium' | 'chromium-eager'

/** Who takes part, and how each one's process is started. */
export interface Field {
  readonly names: ReadonlyArray<Name>
  readonly command: (name: Name) => ReadonlyArray<string>
  readonly products: ReadonlyArray<string>
  /** How a contestant in a page is started: `chromium` by jit, or `chromium-eager`. */
  readonly page: (name: PageName) => ReadonlyArray<string>
  /** Milliseconds that a fresh process takes for W8, or why it failed. */
  readonly coldStart: (name: Name) => Promise<number | string>
}

const pageScript = fileURLToPath(new URL('chromium.ts', import.meta.url))
const peersScript = fileURLToPath(new URL('peers.py', import.meta.url))

export const fieldOf = (options: {
  readonly names: ReadonlyArray<Name>
  readonly threads: number
  readonly python: string | undefined
  /** The bundled programs. */
  readonly child: string
  readonly cold: string
  readonly products: string
}): Field => {
  const { names, threads, python, child, cold, products } = options
  const isPython = (name: Name): name is PythonPeer => (pythonPeers as ReadonlyArray<string>).includes(name)
  return {
    names,
    products: pinned([process.execPath, products], 1),
    page: name => pinned([process.execPath, '--import', 'tsx', pageScript, name], threads),
    command: name =>
      pinned(
        isPython(name)
          ? [python!, '-W', 'ignore', peersScript, '--serve', name, '--threads', String(threads)]
          : [process.execPath, child, name],
        name === 'diffeo-workers' ? 2 : threads,
      ),
    coldStart: name => lifetime(pinned([process.execPath, cold, name], threads)),
  }
}

const lifetime = (command: ReadonlyArray<string>): Promise<number | string> =>
  new Promise(resolve => {
    const started = performance.now()
    const [file, ...parameters] = command
    const run = spawn(file!, parameters, { stdio: ['ignore', 'ignore', 'pipe'] })
    const errors: string[] = []
    run.stderr.on('data', (data: Buffer) => errors.push(data.toString()))
    run.on('error', error => resolve(error.message))
    run.on('close', code =>
      resolve(code === 0 ? performance.now() - started : (/Error: .*/.exec(errors.join(''))?.[0] ?? `ended with ${code}`)),
    )
  })
