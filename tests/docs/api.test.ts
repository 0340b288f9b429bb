import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { equal, is, ok, suite } from '@diffeo/testing'
import { apiPage, conflicts, entryPoints } from '../../tools/api.ts'
import { root } from './pages.ts'

const entries = entryPoints()
const page = readFileSync(join(root, 'docs/api.md'), 'utf8')

const s = suite('the page of all exports')

s.test('the packages export something', () => {
  const modules = entries.map(({ module }) => module)
  for (const name of ['diffeo', '@diffeo/core', '@diffeo/optim', '@diffeo/codec', '@diffeo/codec/node', '@diffeo/train', '@diffeo/cli'])
    ok(modules.includes(name), `${name} is missing`)
  entries.forEach(({ module, exports }) => ok(exports.length > 0, `${module} exports nothing`))
})

s.test('every export stands on it', () => {
  const missing = entries
    .filter(({ module }) => module !== 'diffeo')
    .flatMap(({ module, exports }) => {
      const section = page.slice(page.indexOf(`\n## ${module}\n`)).split(/\n## /)[1] ?? ''
      return exports
        .filter(({ name }) => !new RegExp(`^- \`[^\`]*\\b${name.replaceAll('.', '\\.')}(?![\\w.])`, 'm').test(section))
        .map(({ name }) => `${module}: ${name}`)
    })
  equal(missing, [])
})

s.test('it is current: node --import tsx tools/api.ts', () => is(apiPage(entries), page))

s.test('every export has a doc comment', () => {
  const silent = entries
    .filter(({ module }) => module !== 'diffeo')
    .flatMap(({ module, exports }) =>
      exports.filter(({ meaning }) => meaning === '').map(({ name, file }) => `${module}: ${name} in ${file}`),
    )
  equal(silent, [])
})

s.test('diffeo re-exports every name of core and train, and none twice', () => {
  equal(conflicts(entries), [])
  const names = new Set(entries.find(({ module }) => module === 'diffeo')!.exports.map(({ name }) => name))
  const lost = entries
    .filter(({ module }) => module === '@diffeo/core' || module === '@diffeo/train')
    .flatMap(({ exports }) => exports.filter(({ name }) => !names.has(name)).map(({ name }) => name))
  equal(lost, [])
})

s.test('two packages that export one name are found', () => {
  const own = (module: string, file: string): (typeof entries)[number] => ({
    module,
    description: '',
    exports: [{ name: 'twin', kind: 'value', signature: 'twin', meaning: '', file }],
  })
  equal(conflicts([own('@diffeo/core', 'a.ts'), own('@diffeo/train', 'b.ts')]), ['twin'])
  equal(conflicts([own('@diffeo/core', 'a.ts'), own('@diffeo/train', 'a.ts')]), [])
})

s.run()
