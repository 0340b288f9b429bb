/**
 * The page of all public exports: `node --import tsx tools/api.ts` writes docs/api.md from the doc comments, with `--check` it
 * only compares. Exports without a doc comment are printed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** One name that a module exports. */
export interface Export {
  /** As it is written after an import of its module: `nsf`, `optim.adam`. */
  readonly name: string
  readonly kind: 'value' | 'type' | 'namespace'
  readonly signature: string
  /** The first sentence of its doc comment; empty where there is none. */
  readonly meaning: string
  /** The file that declares it. */
  readonly file: string
}

/** A module that users may import. */
export interface EntryPoint {
  readonly module: string
  readonly description: string
  readonly exports: ReadonlyArray<Export>
}

const root = fileURLToPath(new URL('..', import.meta.url))
const order = [
  'diffeo',
  '@diffeo/core',
  '@diffeo/optim',
  '@diffeo/program',
  '@diffeo/wasm',
  '@diffeo/codec',
  '@diffeo/train',
  '@diffeo/cli',
]

/** Every entry point of `diffeo` and of what it is made of, with its exports in alphabetical order. */
export const entryPoints = (): ReadonlyArray<EntryPoint> => {
  const modules = foldersBelow('diffeo').flatMap(modulesOf)
  const program = ts.createProgram(
    modules.map(({ file }) => file),
    compilerOptions(),
  )
  const checker = program.getTypeChecker()
  return modules
    .map(({ module, description, file }) => {
      const source = program.getSourceFile(file)
      const symbol = source && checker.getSymbolAtLocation(source)
      return { module, description, exports: symbol === undefined ? [] : exportsOf(checker, symbol, '') }
    })
    .sort((a, b) => rank(a.module) - rank(b.module) || (a.module < b.module ? -1 : 1))
}

const rank = (module: string): number =>
  order.indexOf(
    module
      .split('/')
      .slice(0, module.startsWith('@') ? 2 : 1)
      .join('/'),
  )

interface Manifest {
  readonly name: string
  readonly description: string
  readonly exports: { readonly [path: string]: string | { readonly default: string } | null }
  readonly dependencies?: { readonly [name: string]: string }
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')) as Manifest

/** The folder of a package and those of all of ours that it depends on, each once. */
const foldersBelow = (folder: string): ReadonlyArray<string> => {
  const own = Object.keys(manifestOf(folder).dependencies ?? {}).filter(name => name.startsWith('@diffeo/'))
  return [...new Set([folder, ...own.flatMap(name => foldersBelow(name.slice('@diffeo/'.length)))])]
}

const modulesOf = (folder: string): ReadonlyArray<{ readonly module: string; readonly description: string; readonly file: string }> => {
  const manifest = manifestOf(folder)
  return Object.entries(manifest.exports).flatMap(([path, target]) => {
    const source = typeof target === 'string' ? target : target?.default
    const file = source === undefined ? undefined : join(root, 'packages', folder, source)
    if (file === undefined || !file.endsWith('.ts') || !existsSync(file)) return []
    return [{ module: `${manifest.name}${path.slice(1)}`, description: path === '.' ? manifest.description : '', file }]
  })
}

const compilerOptions = (): ts.CompilerOptions => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), path => ts.sys.readFile(path)) as { readonly config: object }
  return { ...ts.parseJsonConfigFileContent(config, ts.sys, root).options, noEmit: true, composite: false, declaration: false }
}

const exportsOf = (checker: ts.TypeChecker, module: ts.Symbol, prefix: string): ReadonlyArray<Export> =>
  checker
    .getExportsOfModule(module)
    .flatMap(symbol => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      const name = `${prefix}${symbol.name}`
      const declaration = target.declarations?.[0]
      if (declaration === undefined) return []
      const meaning = sentence(commentOf(checker, target) || commentOf(checker, symbol))
      const file = declaration.getSourceFile().fileName.slice(root.length)
      if (ts.isSourceFile(declaration)) {
        const own: Export = { name, kind: 'namespace', signature: `namespace ${name}`, meaning, file }
        return [own, ...exportsOf(checker, target, `${name}.`)]
      }
      const kind = target.flags & ts.SymbolFlags.Value ? 'value' : 'type'
      return [{ name, kind, signature: signatureOf(declaration, name), meaning, file } satisfies Export]
    })
    .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))

const commentOf = (checker: ts.TypeChecker, symbol: ts.Symbol): string => {
  const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker))
  const declaration = symbol.declarations?.[0]
  if (comment !== '' || declaration === undefined || !ts.isNamespaceExport(declaration)) return comment
  const [own] = ts.getJSDocCommentsAndTags(declaration.parent)
  return ts.getTextOfJSDocComment(own?.comment) ?? ''
}

/** Up to the first full stop that ends a sentence, within the first paragraph. */
const sentence = (comment: string): string => {
  const [paragraph = ''] = comment.trim().split(/\n\s*\n/)
  const text = paragraph.replace(/\s+/g, ' ').trim()
  const end = /(?<!\b(?:et al|eq|i\.e|e\.g|vs))\. (?=[A-Z`(|]|tfjs)/.exec(text)
  return (end === null ? text : text.slice(0, end.index)).replace(/[.:]$/, '')
}

const longest = 110

const signatureOf = (declaration: ts.Declaration, name: string): string => {
  if (ts.isVariableDeclaration(declaration)) {
    const { initializer, type } = declaration
    // where the variable has the type, the arrow's parameters have none
    if (type === undefined && initializer && ts.isArrowFunction(initializer)) return called(initializer, name)
    if (type && ts.isFunctionTypeNode(type)) return called(type, name)
    return type === undefined ? name : shortened(`${name}: ${text(type)}`, name)
  }
  if (ts.isFunctionDeclaration(declaration)) return called(declaration, name)
  if (ts.isTypeAliasDeclaration(declaration)) {
    const head = `type ${name}${parametersOf(declaration.typeParameters)}`
    return shortened(`${head} = ${text(declaration.type)}`, head)
  }
  if (ts.isInterfaceDeclaration(declaration)) return `interface ${name}${parametersOf(declaration.typeParameters)}`
  if (ts.isClassDeclaration(declaration)) return `class ${name}`
  return name
}

const called = ({ parameters, type }: ts.SignatureDeclarationBase, name: string): string => {
  const result = type === undefined ? '' : `: ${text(type)}`
  const named = parameters.map(p => `${parameterName(p)}${isOptional(p) ? '?' : ''}`)
  const typed = parameters.map((p, i) => `${named[i]}${p.type === undefined ? '' : `: ${text(p.type)}`}`)
  const [bare, full] = [`${name}(${named.join(', ')})`, `${name}(${typed.join(', ')})${result}`]
  return shortened(full, shortened(`${bare}${result}`, bare))
}

/** A destructured parameter goes by its type. */
const parameterName = ({ name, dotDotDotToken, type }: ts.ParameterDeclaration): string => {
  if (ts.isIdentifier(name)) return `${dotDotDotToken === undefined ? '' : '...'}${name.text}`
  const known = type && ts.isTypeReferenceNode(type) ? text(type.typeName) : 'Options'
  return known.endsWith('Options') ? 'options' : `${known[0]!.toLowerCase()}${known.slice(1)}`
}

const isOptional = ({ questionToken, initializer }: ts.ParameterDeclaration): boolean =>
  questionToken !== undefined || initializer !== undefined

const parametersOf = (parameters: ts.NodeArray<ts.TypeParameterDeclaration> | undefined): string =>
  parameters === undefined ? '' : `<${parameters.map(p => p.name.text).join(', ')}>`

const shortened = (wanted: string, otherwise: string): string => (wanted.length <= longest ? wanted : otherwise)

const text = (node: ts.Node): string =>
  (ts.isTypeLiteralNode(node) ? `{ ${node.members.map(member => member.getText().replace(/;$/, '')).join('; ')} }` : node.getText())
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\breadonly /g, '')
    .replace(/\s+/g, ' ')
    .replace(/^\| /, '')

/** The page in Markdown. */
export const apiPage = (entries: ReadonlyArray<EntryPoint>): string =>
  [
    '# API',
    '',
    'Every public export, by package. `diffeo` re-exports `@diffeo/core` and `@diffeo/train` by name, `@diffeo/optim` as `optim` and',
    '`@diffeo/codec` as `codec`. The full doc comment of each stands at its declaration, where an editor shows it.',
    '',
    'This page is made by `node --import tsx tools/api.ts` from those comments.',
    ...entries.flatMap(({ module, description, exports }) => [
      '',
      `## ${module}`,
      '',
      ...(description === '' ? [] : [`${description}.`, '']),
      ...listOf(module, exports),
    ]),
    '',
  ].join('\n')

const listOf = (module: string, exports: ReadonlyArray<Export>): ReadonlyArray<string> => {
  const own =
    module === 'diffeo' ? exports.filter(({ file, kind }) => kind === 'namespace' || file.startsWith('packages/diffeo/')) : exports
  const part = (title: string, shown: ReadonlyArray<Export>): ReadonlyArray<string> =>
    shown.length === 0 ? [] : [...(title === '' ? [] : [`### ${title}`, '']), ...shown.map(line), '']
  const top = own.filter(({ name }) => !name.includes('.'))
  const namespaces = module === 'diffeo' ? [] : own.filter(({ kind }) => kind === 'namespace')
  const lines = [
    ...part(
      '',
      top.filter(({ kind }) => kind !== 'type'),
    ),
    ...part(
      'Types',
      top.filter(({ kind }) => kind === 'type'),
    ),
    ...namespaces.flatMap(({ name }) =>
      part(
        `${name}`,
        own.filter(e => e.name.startsWith(`${name}.`)),
      ),
    ),
  ]
  return lines.length === 0 ? ['Nothing yet.'] : lines.slice(0, -1)
}

const line = ({ signature, meaning }: Export): string => `- \`${signature}\`${meaning === '' ? '' : `: ${meaning.replace(/</g, '\\<')}`}`

/** Names that a module gets by `export *` from more than one place: ECMAScript leaves them out, without a word. */
export const conflicts = (entries: ReadonlyArray<EntryPoint>): ReadonlyArray<string> => {
  const sources = entries.filter(({ module }) => ['@diffeo/core', '@diffeo/train'].includes(module))
  const own = entries.find(({ module }) => module === 'diffeo')?.exports ?? []
  const top = ({ exports }: EntryPoint): ReadonlyArray<Export> => exports.filter(({ name }) => !name.includes('.'))
  const all = [...sources.flatMap(top), ...own.filter(({ file, name }) => file.startsWith('packages/diffeo/') && !name.includes('.'))]
  const twice = all.filter((e, i) => all.some((other, j) => j < i && other.name === e.name && other.file !== e.file))
  return twice.map(({ name }) => name)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const entries = entryPoints()
  const path = join(root, 'docs/api.md')
  const page = apiPage(entries)
  const silent = entries.flatMap(({ module, exports }) =>
    module === 'diffeo'
      ? []
      : exports.filter(({ meaning }) => meaning === '').map(({ name, file }) => `${module}: ${name} (${file}) has no doc comment`),
  )
  silent.forEach(remark => console.warn(remark))
  if (process.argv.includes('--check')) {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== page) {
      console.error('docs/api.md is not current: run node --import tsx tools/api.ts')
      process.exitCode = 1
    }
  } else writeFileSync(path, page)
}
