import { is, near, ok, suite } from '@diffeo/testing'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeLibrary, fakeModel, fakeRecord, fakeSchema } from '../test/library.ts'
import { closedAfter, testIo, type TestIo } from '../test/io.ts'
import { main } from './main.ts'
import type { Library } from './library.ts'

const s = suite('cli: arguments')
const folder = mkdtempSync(join(tmpdir(), 'diffeo-cli-'))
const table = `a,b,c\n${Array.from({ length: 60 }, (_, i) => `${i},${(i * 7) % 13},${i % 5}`).join('\n')}\n`
const model = fakeModel(fakeSchema(['a', 'b']), fakeRecord({}, 60))
const conditional = fakeModel(fakeSchema(['a', 'b'], ['c']), fakeRecord({}, 60))

s.before(() => {
  writeFileSync(join(folder, 'table.csv'), table)
  writeFileSync(join(folder, 'text.csv'), 'a,b\n1,2\n3,abc\n')
  writeFileSync(join(folder, 'taken.safetensors'), 'old')
  writeFileSync(join(folder, 'taken.csv'), 'old')
  mkdirSync(join(folder, 'a-folder.safetensors'))
  mkdirSync(join(folder, 'a-folder.csv'))
  mkdirSync(join(folder, 'reported'))
  writeFileSync(join(folder, 'reported', 'report.html'), 'old')
  mkdirSync(join(folder, 'old-checkpoints'))
  writeFileSync(join(folder, 'old-checkpoints', 'step-000000007.safetensors'), 'old')
  writeFileSync(join(folder, 'not.json'), '{ "_tag": "flow", ')
  writeFileSync(
    join(folder, 'unknown-tag.json'),
    '{ "_tag": "flow", "base": { "_tag": "standardNormal" }, "bijector": { "_tag": "chian", "bijectors": [] } }',
  )
  writeFileSync(
    join(folder, 'negative.json'),
    '{ "_tag": "flow", "base": { "_tag": "standardNormal" }, "bijector": { "_tag": "autoregressive", "conditioner": { "_tag": "made", "hidden": [-4], "activation": "relu", "residual": false, "degrees": "sorted" }, "transformer": { "_tag": "affine", "scale": "softclip" } } }',
  )
  writeFileSync(
    join(folder, 'million.json'),
    '{ "_tag": "flow", "base": { "_tag": "standardNormal" }, "bijector": { "_tag": "repeat", "times": 1000000, "bijector": { "_tag": "reverse" } } }',
  )
})
s.after(() => rmSync(folder, { recursive: true, force: true }))

const run = async (line: string, library: Library = fakeLibrary(), io: TestIo = testIo(folder)): Promise<{ code: number; io: TestIo }> => ({
  code: await main(line === '' ? [] : line.split(' '), io, library),
  io,
})

const snapshot = (): string => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort().join('\n')

/** Command lines that are refused: exit code 2, one line on stderr, nothing on stdout, nothing written. */
const bad: ReadonlyArray<readonly [string, RegExp, Library?]> = [
  ['', /expected a command, got none; see 'diffeo --help'/],
  ['fti table.csv', /unknown command 'fti', did you mean fit\?; see 'diffeo --help'/],
  ['fit', /missing required argument 'data'; see 'diffeo fit --help'/],
  ['fit table.csv more.csv', /too many arguments for 'fit'/],
  ['fit table.csv --kind a', /--kind: expected column=kind, got 'a'/],
  ['fit table.csv --kind a=positve', /--kind: expected a kind of column: real, .* got 'positve' for 'a'; did you mean positive\?/],
  ['fit table.csv --kind a=real --kind a=real', /--kind: expected each column once, got 'a' twice/],
  ['fit table.csv --kind a=bounded(2,1)', /--kind: expected bounded\(low, high\) with low < high, .* got 'bounded\(2,1\)' for 'a'/],
  ['fit table.csv --schema none --kind a=real', /--kind: expected --schema to be a file, or left out, got --schema none as well/],
  ['fit table.csv --schema missing.json', /missing.json/],
  ['fit table.csv --schema not.json', /--schema: not.json: expected/],
  ['fit table.csv --error a', /--error: expected column=column of its standard errors, got 'a'/],
  ['fit table.csv --flwo nsf', /unknown option '--flwo', did you mean --flow\?; see 'diffeo fit --help'/],
  ['fit table.csv --flow', /'--flow <name>' argument missing/],
  ['fit table.csv --flow nsff', /--flow: expected one of nsf, maf, mafMog, .*, sylvesterFlow, got 'nsff'; did you mean nsf\?/],
  ['fit table.csv --flow realnvp', /--flow: .* got 'realnvp'; did you mean realNvp\?/],
  ['fit table.csv --epochs', /'--epochs <n>' argument missing/],
  ['fit table.csv --epochs=', /--epochs: expected a whole number of at least 1, got ''/],
  ['fit table.csv --epochs -5', /--epochs: expected a whole number of at least 1, got '-5'/],
  ['fit table.csv --epochs 0', /--epochs: expected a whole number of at least 1, got '0'/],
  ['fit table.csv --epochs 1.5', /--epochs: .* got '1.5'/],
  ['fit table.csv --epochs 1e400', /--epochs: .* got '1e400'/],
  ['fit table.csv --epochs 0x5', /--epochs: .* got '0x5'/],
  ['fit table.csv --epochs 5 --epochs 6', /--epochs: expected the flag once, got it twice/],
  ['fit table.csv --steps nan', /--steps: .* got 'nan'/],
  ['fit table.csv --patience 0', /--patience: expected a whole number of at least 1/],
  ['fit table.csv --batch-size 0', /--batch-size: expected a whole number of at least 1/],
  ['fit table.csv --learning-rate NaN', /--learning-rate: expected a number above 0 and below 10, got 'NaN'/],
  ['fit table.csv --learning-rate 0', /--learning-rate: .* got '0'/],
  ['fit table.csv --learning-rate -1', /--learning-rate: .* got '-1'/],
  ['fit table.csv --learning-rate 1e9', /--learning-rate: .* got '1e9'/],
  ['fit table.csv --schedule cosin', /--schedule: .*; did you mean cosine\?/],
  ['fit table.csv --clip-norm 0', /--clip-norm: expected a number above 0, or none, got '0'/],
  ['fit table.csv --ema 1', /--ema: expected a number above 0 and below 1, or none, got '1'/],
  ['fit table.csv --weight-decay -0.1', /--weight-decay: expected a number of at least 0/],
  ['fit table.csv --validation 0.6', /--validation: expected a number of at least 0 and at most 0.5/],
  ['fit table.csv --test -0.1', /--test: /],
  ['fit table.csv --seed -1', /--seed: expected a whole number of at least 0/],
  ['fit table.csv --seed 9007199254740992', /--seed: /],
  ['fit table.csv --layers 0', /--layers: expected a whole number of at least 1 and at most 1000, got '0'/],
  ['fit table.csv --layers 1000000', /--layers: .* got '1000000'/],
  ['fit table.csv --layers 2', /nsf: expected 3 to 1000 layers, got 2/],
  ['fit table.csv --bins 1', /--bins: expected a whole number of at least 2/],
  ['fit table.csv --flow maf --bins 8', /--bins: expected a flow that has them \(--flow nsf, triangularSpline\), got --flow maf/],
  ['fit table.csv --flow maf --autoregressive', /--autoregressive: expected a flow that has them \(--flow nsf\), got --flow maf/],
  ['fit table.csv --flow gf --hidden 8', /--hidden: expected a flow that has them \(--flow nsf, maf, .*\), got --flow gf/],
  ['fit table.csv --columns a --given b --flow gf', /--flow: expected a flow that takes conditioning columns, got gf with --given/],
  ['fit table.csv --hidden 64,', /--hidden: expected a whole number/],
  ['fit table.csv --hidden 64,-3', /--hidden: .* got '-3'/],
  ['fit table.csv --hidden 1000000000', /--hidden: .* at most 65536/],
  ['fit table.csv --columns a,,b', /--columns: expected names separated by commas, got 'a,,b'/],
  ['fit table.csv --columns a,a', /--columns: expected each name once, got 'a' twice/],
  ['fit table.csv --columns a,b --given b', /--given: expected columns that are not in --columns, got 'b'/],
  ['fit table.csv --missing ignore', /--missing: expected one of refuse, drop, got 'ignore'/],
  ['fit table.csv --atom a', /--atom: expected column=drop or column=mask, got 'a'/],
  ['fit table.csv --atom a=masc', /--atom: expected one of drop, mask, got 'masc'; did you mean mask\?/],
  ['fit table.csv --atom a=mask --atom a=drop', /--atom: expected each column once, got 'a' twice/],
  ['fit table.csv --columns a,b --atom c=mask', /--atom: expected one of the columns a, b, got 'c'/],
  ['fit table.csv --dequantise', /unknown option '--dequantise', did you mean --no-dequantize\?|unknown option '--dequantise'/],
  ['fit table.csv --out model.json', /--out: expected a name that ends in .safetensors, got 'model.json'/],
  ['fit table.csv --out missing/model.safetensors', /--out: expected a folder that exists/],
  ['fit table.csv --out taken.safetensors', /--out: expected a new file, got 'taken.safetensors', which exists; --force replaces it/],
  ['fit table.csv --out a-folder.safetensors', /--out: expected a file, got the folder/],
  [
    'fit table.csv --out /proc/model.safetensors --no-report',
    /--out: expected a place that can be written to, got '\/proc\/model.safetensors'/,
  ],
  ['fit taken.safetensors --out taken.safetensors --force', /--out: expected another file than the one that is read/],
  ['fit table.csv --report taken.csv', /--report: expected a folder, got 'taken.csv', which is a file/],
  ['fit table.csv --report missing/report', /--report: expected a folder that exists/],
  [
    'fit table.csv --report reported',
    /--report: expected a folder without a report, got 'reported', which holds 'report.html'; --force replaces it/,
  ],
  [
    'fit table.csv --checkpoints old-checkpoints',
    /--checkpoints: expected a folder without checkpoints, .* --resume goes on from them, --force removes them/,
  ],
  ['fit table.csv --resume', /--resume: expected a checkpoint in 'model-checkpoints', got none; leave it out to begin/],
  ['fit table.csv --allow-different-bits', /--allow-different-bits: expected --resume as well, got a fit that begins/],
  ['fit table.csv --spec missing.json', /--spec: missing.json: expected a readable file/],
  ['fit table.csv --spec not.json', /--spec: not.json: /],
  ['fit table.csv --spec unknown-tag.json', /--spec: unknown-tag.json: bijector._tag: expected .*chain.*, got 'chian'/],
  ['fit table.csv --spec negative.json', /--spec: negative.json: bijector.conditioner.hidden\[0\]: expected .*, got -4/],
  ['fit table.csv --spec million.json', /--spec: million.json: bijector: expected at most 10000 layers, got 1000001/],
  ['fit table.csv --spec not.json --layers 5', /--spec: expected to say all of the flow, got --layers as well/],
  ['fit missing.csv', /missing.csv: expected a file that can be read, got no such file/],
  ['fit http://example.org/table.csv', /expected a file that can be read, got no such file/],
  ['fit text.csv', /text.csv: row 2, column 'b': expected a number, got 'abc' \(line 3\)/],
  ['fit table.csv --columns a,bb', /table.csv: column 'bb': .*did you mean 'b'\?/],
  ['sample', /missing required argument 'model'/],
  ['sample m.safetensors', /m.safetensors: expected a model file/],
  ['sample m.safetensors -n -1', /--count: expected a whole number of at least 0, got '-1'/],
  ['sample m.safetensors -n ten', /--count: .* got 'ten'/],
  ['sample m.safetensors -o samples.txt', /--output: expected a name that ends in .csv, .tsv or .npy, got 'samples.txt'/],
  ['sample m.safetensors -o taken.csv', /--output: expected a new file, got 'taken.csv', which exists/],
  ['sample m.safetensors -o a-folder.csv --force', /--output: expected a file, got the folder/],
  ['sample m.safetensors -o missing/s.csv', /--output: expected a folder that exists/],
  ['sample m.safetensors --given a=1', /--given: expected nothing: the model has no conditioning columns/, fakeLibrary({ model })],
  ['sample m.safetensors', /--given: expected values for 'c', got none; say --given c=1/, fakeLibrary({ model: conditional })],
  [
    'sample m.safetensors --given cc=1',
    /--given: expected the columns 'c', got 'cc'; did you mean 'c'\?/,
    fakeLibrary({ model: conditional }),
  ],
  ['sample m.safetensors --given c=x', /--given: expected a number for 'c', got 'x'/, fakeLibrary({ model: conditional })],
  ['sample m.safetensors --given c=1,c=2', /--given: expected each column once, got 'c' twice/, fakeLibrary({ model: conditional })],
  ['sample m.safetensors --given text.csv', /text.csv: column 'c': /, fakeLibrary({ model: conditional })],
  ['logprob m.safetensors', /missing required argument 'data'/],
  ['logprob m.safetensors text.csv', /text.csv: row 2, column 'b': expected a number/, fakeLibrary({ model })],
  ['logprob m.safetensors table.csv --quantil', /unknown option '--quantil', did you mean --quantile\?/],
  ['logprob m.safetensors table.csv -o table.csv --force', /--output: expected another file than the one that is read/],
  ['posterior m.safetensors', /missing required argument 'data'/],
  ['posterior m.safetensors table.csv', /--column: expected the name of a modelled column, got none/],
  ['posterior m.safetensors table.csv --column aa', /--column: expected one of a, b, got 'aa'; did you mean 'a'\?/, fakeLibrary({ model })],
  [
    'posterior m.safetensors table.csv --column a',
    /--grid: expected from,to,n for 'a', got none; say --grid 0,1,100/,
    fakeLibrary({ model }),
  ],
  ['posterior m.safetensors table.csv --column a --grid 0,1', /--grid: expected from,to,n for 'a', got '0,1'/, fakeLibrary({ model })],
  ['posterior m.safetensors table.csv --column a --grid 1,0,5', /--grid: expected from below to, got '1,0,5'/],
  ['posterior m.safetensors table.csv --column a --grid 0,1,1', /--grid: expected a whole number of values, 2 to 1000000, got '0,1,1'/],
  ['posterior m.safetensors table.csv --column a --grid x', /--grid: expected from,to,n, got 'x'/],
  ['inspect', /missing required argument 'model'/],
  ['inspect m.safetensors', /m.safetensors: expected a model file/],
  ['plot m.safetensors table.csv --given c=1', /--given: expected no table where values are given, got both/],
  ['plot m.safetensors -n 1', /--count: expected a whole number of at least 2/],
  ['plot m.safetensors -o taken.csv', /--output: expected a folder, got 'taken.csv', which is a file/],
]

bad.forEach(([line, message, library]) =>
  s.test(`refused: diffeo ${line}`, async () => {
    const before = snapshot()
    const { code, io } = await run(line, library)
    is(code, 2, io.err())
    const last = io.err().trim().split('\n').at(-1)!
    ok(message.test(last), `expected ${message}, got: ${last}`)
    ok(last.startsWith('diffeo: '))
    is(io.err().includes('    at '), false, 'no stack')
    is(io.out(), '')
    is(snapshot(), before, 'nothing was written')
  }),
)

s.test('the folders of the old files are as they were', () => {
  is(readFileSync(join(folder, 'taken.csv'), 'utf8'), 'old')
  is(readFileSync(join(folder, 'taken.safetensors'), 'utf8'), 'old')
})

s.test('help and version go to stdout with exit code 0', async () => {
  for (const line of [
    '--help',
    '-h',
    'help',
    'help fit',
    'fit --help',
    'sample -h',
    'logprob --help',
    'posterior --help',
    'inspect --help',
    'plot --help',
    '--version',
  ]) {
    const { code, io } = await run(line)
    is(code, 0, line)
    is(io.err(), '', line)
    ok(io.out().length > 3, line)
  }
  ok(/^\d+\.\d+\.\d+/.test((await run('--version')).io.out()))
  for (const command of ['fit', 'sample', 'logprob', 'posterior', 'inspect', 'plot'])
    ok((await run('--help')).io.out().includes(`\n  ${command} `))
})

s.test('the help of every command has examples, and every flag a description', async () => {
  for (const command of ['fit', 'sample', 'logprob', 'posterior', 'inspect', 'plot']) {
    const text = (await run(`${command} --help`)).io.out()
    ok(/Examples:\n {2}\$ diffeo/.test(text), command)
    ok(
      text
        .split('\n')
        .filter(line => /^ {2}-/.test(line))
        .every(line => /^ {2}-.*\S {2,}\S/.test(line)),
      command,
    )
    ok(Math.max(...text.split('\n').map(line => line.length)) <= 100, command)
  }
})

s.test('--debug shows where an error was thrown', async () => {
  is((await run('--debug')).code, 2)
  const { code, io } = await run('fit missing.csv --debug')
  is(code, 2)
  ok(/\n {4}at /.test(io.err()))
})

s.test('a breakdown of the program itself is exit code 1, and says so', async () => {
  const { code, io } = await run('inspect m.safetensors', {
    ...fakeLibrary(),
    loadModel: () => Promise.reject(new Error('undefined is not a function')),
  })
  is(code, 1)
  is(io.err(), 'diffeo: unexpected: undefined is not a function; --debug shows where\n')
})

s.test('control characters in a name do not reach the terminal', async () => {
  const io = testIo(folder)
  is(await main(['fit', 'table.csv', '--columns', 'a,\u001b[2Jb'], io, fakeLibrary()), 2)
  is(io.err().includes('\u001b'), false)
})

s.test('a reader that has gone is no error', async () => {
  for (const line of ['sample m.safetensors -n 1000', 'logprob m.safetensors table.csv', 'inspect m.safetensors', '--help']) {
    const io = testIo(folder)
    is(await main(line.split(' '), { ...io, stdout: closedAfter(0) }, fakeLibrary({ model })), 0, line)
    is(io.err().replace('seed 0\n', ''), '', line)
  }
  is(await main(['sample', 'm.safetensors', '-n', '1000'], { ...testIo(folder), stdout: closedAfter(3) }, fakeLibrary({ model })), 0)
})

s.test('a full disk is told in a line', async () => {
  const io = testIo(folder)
  const full = {
    ...model,
    save: () => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })),
  }
  const library = fakeLibrary()
  const code = await main(['fit', 'table.csv', '--out', 'full.safetensors', '--no-report'], io, {
    ...library,
    fitTable: async (data, options) => ({ ...(await library.fitTable(data, options)), model: full }),
  })
  is(code, 2)
  ok(/^diffeo: no space left on the device$/m.test(io.err()))
})

s.test('numbers are read the same whatever their notation', async () => {
  const library = fakeLibrary()
  const { code } = await run(
    'fit table.csv --epochs 1e2 --learning-rate .5e-2 --clip-norm none --ema 0.99 --weight-decay 1e-4 --out numbers.safetensors --no-report --validation 0.2 --test 0',
    library,
  )
  is(code, 0)
  const [options] = library.calls
  is(options!.epochs, 100)
  near(options!.learningRate!, 0.005, { atol: 0 })
  is(options!.clipNorm, null)
  is(options!.ema, 0.99)
  is(options!.test, 0)
  is('patience' in options!, false, 'what is not said is left to the library')
})

s.run()
