import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { main } from '@diffeo/cli'
import { is, ok, suite } from '@diffeo/testing'
import 'diffeo'
import ts from 'typescript'
import { missingLine, pages, root, stepsOf, type Page, type Step } from './pages.ts'

/** Programs are written here: below tests, `diffeo` and its peers are found as in a user's project. */
const programs = join(root, 'tests/.cache/snippets')
const fileOf = ({ path }: Page, line: number): string => join(programs, `${path.replace(/\W/g, '-')}-${line}.ts`)

/** What a body writes to the terminal. It has a time limit of its own, since the harness could not print through caught streams. */
const printedBy = async (body: () => Promise<unknown>): Promise<string> => {
  const chunks: string[] = []
  const streams = [process.stdout, process.stderr]
  const originals = streams.map(stream => stream.write)
  streams.forEach(stream => {
    stream.write = (chunk: string | Uint8Array, ...rest: ReadonlyArray<unknown>): boolean => {
      chunks.push(typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk))
      const done = rest.at(-1)
      if (typeof done === 'function') queueMicrotask(() => done())
      return true
    }
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('expected a snippet to end within 60 s')), 60_000)
  })
  try {
    await Promise.race([body(), late])
  } catch (thrown) {
    throw new Error(`${thrown instanceof Error ? thrown.stack : String(thrown)}\nprinted before it:\n${chunks.join('')}`, { cause: thrown })
  } finally {
    clearTimeout(timer)
    streams.forEach((stream, i) => (stream.write = originals[i]!))
  }
  return chunks.join('')
}

/** A worker's script beside the programs. A thread looks for the loader of this process in the working folder, and in Node 20 it must start it itself. */
const writeWorker = (name: string, text: string): void => {
  symlinkSync(join(root, 'node_modules'), 'node_modules', 'dir')
  writeFileSync(join(programs, `loaded-${name}`), text)
  writeFileSync(join(programs, name), `import { register } from 'tsx/esm/api'\nregister()\nawait import('./loaded-${name}')\n`)
}

const runStep = async (page: Page, step: Step, printed: string): Promise<string> => {
  switch (step._tag) {
    case 'file':
      writeFileSync(step.name, step.text)
      if (step.name.endsWith('.worker.js')) writeWorker(step.name, step.text)
      return printed
    case 'program':
      return printedBy(() => import(pathToFileURL(fileOf(page, step.line)).href))
    case 'command': {
      const { exitCode } = process
      let code: unknown
      const output = await printedBy(
        async () =>
          (code = await main(step.arguments, {
            stdout: process.stdout,
            stderr: process.stderr,
            isTTY: false,
            cwd: process.cwd(),
            onInterrupt: () => () => undefined,
          })),
      )
      process.exitCode = exitCode
      if (code !== step.exitCode)
        throw new Error(`${page.path}:${step.line}: expected exit code ${step.exitCode}, got ${String(code)}; printed:\n${output}`)
      return output
    }
    case 'output': {
      const missing = missingLine(step.lines, printed)
      ok(missing === undefined, `${page.path}:${step.line}: expected the line '${missing}' to be printed, got:\n${printed}`)
      return printed
    }
    default:
      return step satisfies never
  }
}

/** Runs a page in a new folder that holds the data files of docs/data which the page names. */
const run = async (page: Page, steps: ReadonlyArray<Step>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'diffeo-docs-'))
  const home = process.cwd()
  const data = readdirSync(join(root, 'docs/data')).filter(name => /\.(csv|safetensors)$/.test(name) && page.markdown.includes(name))
  data.forEach(name => cpSync(join(root, 'docs/data', name), join(folder, name)))
  process.chdir(folder)
  try {
    let printed = ''
    for (const step of steps) printed = await runStep(page, step, printed)
  } finally {
    process.chdir(home)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** All pages, or those that arguments name. */
const wanted = process.argv.slice(2)
const runnable = pages()
  .filter(({ path }) => wanted.length === 0 || wanted.some(name => path.includes(name)))
  .map(page => ({ page, steps: stepsOf(page) }))
  .filter(({ steps }) => steps.length > 0)

const s = suite('the snippets of the documentation')

s.before(() => {
  rmSync(programs, { recursive: true, force: true })
  mkdirSync(programs, { recursive: true })
  runnable.forEach(({ page, steps }) =>
    steps.forEach(step => {
      if (step._tag === 'program') writeFileSync(fileOf(page, step.line), step.source)
    }),
  )
})

s.test('there are some', () => {
  ok(runnable.some(({ page }) => page.path === 'README.md') || wanted.length > 0)
  ok(runnable.length >= 8 || wanted.length > 0)
})

s.test(
  'their types fit',
  () => {
    const { config } = ts.readConfigFile(join(root, 'tests/tsconfig.json'), path => ts.sys.readFile(path)) as { readonly config: object }
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, 'tests'))
    const files = runnable.flatMap(({ page, steps }) => steps.flatMap(step => (step._tag === 'program' ? [fileOf(page, step.line)] : [])))
    const program = ts.createProgram(files, { ...options, noEmit: true, composite: false, declaration: false, noUnusedLocals: false })
    const problems = files.flatMap(file => {
      const source = program.getSourceFile(file)!
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    })
    is(
      ts.formatDiagnostics(problems, { getCanonicalFileName: name => name, getCurrentDirectory: () => programs, getNewLine: () => '\n' }),
      '',
    )
  },
  { seconds: 120 },
)

runnable.forEach(({ page, steps }) => s.test(page.path, () => run(page, steps), { seconds: 120 }))

s.after(() => rmSync(programs, { recursive: true, force: true }))

s.run()
