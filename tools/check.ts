/** The static checks of CI: format, lint, types, cycles and import order, packaging, API docs. Prints one line for each. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A package may import those after it. */
const order = [
  'diffeo',
  '@diffeo/cli',
  '@diffeo/train',
  '@diffeo/codec',
  '@diffeo/optim',
  '@diffeo/wasm',
  '@diffeo/program',
  '@diffeo/core',
]
const packages = readdirSync('packages').sort()

const run = (command: string, ...parameters: ReadonlyArray<string>): string | undefined => {
  const done = spawnSync(command, [...parameters], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 })
  return done.status === 0 ? undefined : `${command} ${parameters.join(' ')}\n${done.stdout}${done.stderr}${done.error ?? ''}`
}
const bin = (name: string, ...parameters: ReadonlyArray<string>): string | undefined => run(join('node_modules/.bin', name), ...parameters)

const first = (...checks: ReadonlyArray<() => string | undefined>): string | undefined =>
  checks.reduce<string | undefined>((found, check) => found ?? check(), undefined)

const manifest = (name: string): Readonly<Record<string, Readonly<Record<string, string>> | undefined>> & { readonly name: string } =>
  JSON.parse(readFileSync(join('packages', name, 'package.json'), 'utf8'))

/** Every arrow between our packages points down the order. */
const arrows = (): string | undefined => {
  const wrong = packages.flatMap(name => {
    const { name: from, dependencies = {} } = manifest(name)
    return Object.keys(dependencies)
      .filter(to => order.includes(to) && order.indexOf(to) <= order.indexOf(from))
      .map(to => `${from} must not import ${to}`)
  })
  return wrong.length > 0 ? wrong.join('\n') : undefined
}

/** The packed tarballs, as they would be published. */
const packaging = (): string | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'diffeo-pack-'))
  const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly packageManager: string }
  try {
    return first(
      ...packages.map(
        name => () => run('npx', '--yes', packageManager, '--dir', join('packages', name), 'pack', '--pack-destination', folder),
      ),
      ...packages.flatMap(name => {
        const tarball = (): string =>
          join(
            folder,
            readdirSync(folder).find(file => file.startsWith(`${manifest(name).name.replace('@', '').replace('/', '-')}-0`))!,
          )
        return [() => bin('publint', 'run', '--strict', tarball()), () => bin('attw', tarball(), '--profile', 'esm-only')]
      }),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const checks: ReadonlyArray<readonly [string, () => string | undefined]> = [
  ['format', () => bin('prettier', '--check', '--log-level', 'warn', '.')],
  ['lint', () => bin('eslint', '--max-warnings', '0', '.')],
  [
    'types',
    () =>
      first(
        () => bin('tsc', '-b', ...packages.map(name => join('packages', name))),
        () => bin('tsc', '-p', 'tests', '--noEmit'),
      ),
  ],
  [
    'cycles',
    () =>
      bin('dpdm', '-T', '--no-tree', '--no-warning', '--exit-code', 'circular:1', ...packages.map(name => `packages/${name}/src/index.ts`)),
  ],
  ['import order', arrows],
  ['packaging', packaging],
]

const wanted = process.argv.slice(2)
for (const [name, check] of checks.filter(([title]) => wanted.length === 0 || wanted.includes(title))) {
  const problem = check()
  console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${name}`)
  if (problem === undefined) continue
  console.log(problem)
  process.exitCode = 1
}
