import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { equal, is, ok, suite } from '@diffeo/testing'
import { pages, root, type Page } from './pages.ts'

/** The targets of a page's links and pictures, outside code. */
const targetsOf = ({ markdown }: Page): ReadonlyArray<string> => {
  const text = markdown.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/\b(?:src|href|srcset)="([^"]+)"/g)].map(([, target]) => target!)
}

/** GitHub's anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

const anchorsOf = (path: string): ReadonlyArray<string> =>
  [
    ...readFileSync(path, 'utf8')
      .replace(/^```[^]*?^```/gm, '')
      .matchAll(/^#+ (.*)$/gm),
  ].map(([, heading]) => anchorOf(heading!))

/** Why a link of a page leads nowhere, or undefined. */
const brokenBecause = (page: Page, target: string): string | undefined => {
  if (/^https:/.test(target)) return undefined
  if (/^\w+:/.test(target)) return 'neither relative nor https'
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? join(root, page.path) : resolve(root, dirname(page.path), path)
  if (!file.startsWith(root)) return 'outside the repository'
  if (!existsSync(file)) return 'no such file'
  return anchor === undefined || anchorsOf(file).includes(anchor) ? undefined : 'no such heading'
}

const s = suite('the links of the documentation')

pages().forEach(page =>
  s.test(page.path, () => {
    const broken = targetsOf(page).flatMap(target => {
      const why = brokenBecause(page, target)
      return why === undefined ? [] : [`${target}: ${why}`]
    })
    equal(broken, [])
  }),
)

s.test('every page of docs is linked from another one', () => {
  const linked = new Set(
    pages().flatMap(page =>
      targetsOf(page)
        .filter(t => !/^\w+:/.test(t) && !t.startsWith('#'))
        .map(t => resolve(root, dirname(page.path), t.split('#')[0]!)),
    ),
  )
  equal(
    pages()
      .map(({ path }) => path)
      .filter(path => path !== 'README.md' && !linked.has(join(root, path))),
    [],
  )
})

s.test('links that lead nowhere are found', () => {
  const page: Page = {
    path: 'docs/x.md',
    markdown: '[a](nowhere.md) [b](../README.md#nowhere) ![c](../LICENSE) `[d](not/a/link)` [e](https://diffeo.example/)',
  }
  const targets = targetsOf(page)
  is(targets.length, 4)
  equal(
    targets.map(target => brokenBecause(page, target)),
    ['no such file', 'no such heading', undefined, undefined],
  )
  ok(anchorsOf(join(root, 'README.md')).includes('three-commands'))
})

s.run()
