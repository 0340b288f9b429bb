import { nsf } from '@diffeo/core'
import { equal, is, ok, suite } from '@diffeo/testing'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closedAfter, testIo, type TestIo } from '../../test/io.ts'
import { fakeLibrary } from '../../test/library.ts'
import { main } from '../main.ts'
import type { Library } from '../library.ts'

const s = suite('cli: fit')
const root = mkdtempSync(join(tmpdir(), 'diffeo-fit-'))
const table = `a,b,c,group\n${Array.from({ length: 60 }, (_, i) => `${i},${(i * 7) % 13},${i % 5},g${i % 4}`).join('\n')}\n`
let folder = ''
let count = 0

/** A new folder with a table, for each run. */
const fresh = (): string => {
  count += 1
  folder = join(root, `run-${count}`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'table.csv'), table)
  return folder
}
const fit = async (line: string, library: Library = fakeLibrary(), io: TestIo = testIo(folder)): Promise<{ code: number; io: TestIo }> => ({
  code: await main(['fit', 'table.csv', ...line.split(' ').filter(word => word !== '')], io, library),
  io,
})
const files = (): ReadonlyArray<string> => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()

s.after(() => rmSync(root, { recursive: true, force: true }))

s.test('writes model and report, and says what it did', async () => {
  fresh()
  const { code, io } = await fit('--columns a,b')
  is(code, 0)
  equal(files(), [
    'model-report',
    'model-report/corner.svg',
    'model-report/coverage.svg',
    'model-report/density.svg',
    'model-report/loss.svg',
    'model-report/pit.svg',
    'model-report/report.html',
    'model.safetensors',
    'table.csv',
  ])
  ok(/2 columns: a, b\n60 rows: 20 to train on, 20 to validate, 20 to test/.test(io.err()), io.err())
  ok(/seed 0; eager\n/.test(io.err()), 'an absent seed is told, and how it is run')
  ok(/epoch {3}2 {2}training {3}2.0000 {2}validation {3}2.2000\n/.test(io.err()))
  ok(
    /Ran 3 epochs \(30 steps\) and stopped: .* The parameters of epoch 2 were kept.\nwrote model.safetensors\nwrote model-report\/report.html and 5 pictures\n$/.test(
      io.err(),
    ),
  )
  ok(/^held-out log-likelihood, nats per row on 20 rows\n {2}flow +−4.100 ± 0.050\n/.test(io.out()), io.out())
  ok(/Gaussian mixture +−4.000 ± 0.060 {2}the flow trails by 0.100 ± 0.020\n$/.test(io.out()))
  is(io.err().includes('\u001b') || io.out().includes('\u001b'), false, 'no escape codes where no terminal is')
})

s.test('the same seed gives the same bytes, another seed others', async () => {
  const contents = async (line: string): Promise<ReadonlyArray<string>> => {
    fresh()
    is((await fit(line)).code, 0)
    return files()
      .filter(name => !['model-report', 'table.csv'].includes(name))
      .map(name => `${name}\n${readFileSync(join(folder, name), 'latin1')}`)
  }
  const first = await contents('--columns a,b --seed 5')
  equal(await contents('--columns a,b --seed 5'), first)
  is(
    (await contents('--columns a,b --seed 6')).every((file, i) => file === first[i]),
    false,
  )
})

s.test('flags reach the library', async () => {
  fresh()
  writeFileSync(join(folder, 'kinds.json'), '{ "a": "real", "b": "categorical" }')
  const library = fakeLibrary()
  const { code } = await fit(
    '--columns a --given c --split-by group --missing drop --schema kinds.json --kind a=bounded(0,90)? --no-dequantize --error a=b --no-jit --deterministic --atom a=mask --atom c=drop --steps 30 --batch-size 16 --seed 9 --schedule constant --flow maf --layers 2 --hidden 8,8 --checkpoints cps --no-report --out m.safetensors',
    library,
  )
  is(code, 0)
  const { onStart, onCompiled, onStep, onEpoch, onPhase, onWarning, signal, flow, ...options } = library.calls[0]!
  ok([onStart, onCompiled, onStep, onEpoch, onPhase, onWarning].every(f => typeof f === 'function') && signal instanceof AbortSignal)
  is(JSON.stringify(flow).match(/autoregressive/g)?.length, 2)
  ok(JSON.stringify(flow).includes('"hidden":[8,8]'))
  equal(options, {
    columns: ['a'],
    given: ['c'],
    splitBy: 'group',
    missing: 'drop',
    dequantize: false,
    schema: 'infer',
    kinds: { a: 'bounded(0,90)?', b: 'categorical' },
    atoms: { a: 'mask', c: 'drop' },
    errors: { a: 'b' },
    steps: 30,
    batchSize: 16,
    seed: 9,
    schedule: 'constant',
    jit: false,
    deterministic: true,
    checkpoint: { folder: join(folder, 'cps'), resume: false },
  })
  equal(files(), ['kinds.json', 'm.safetensors', 'table.csv'])
})

s.test('a spline flow of autoregressive layers', async () => {
  fresh()
  const library = fakeLibrary()
  is((await fit('--columns a,b --autoregressive --layers 2 --bins 5', library)).code, 0)
  equal(library.calls[0]!.flow, nsf({ layers: 2, bins: 5, autoregressive: true }))
})

s.test('a spec file is the flow', async () => {
  fresh()
  const library = fakeLibrary()
  const spec = { _tag: 'flow', base: { _tag: 'standardNormal' }, bijector: { _tag: 'reverse' } }
  writeFileSync(join(folder, 'flow.json'), JSON.stringify(spec))
  is((await fit('--columns a,b --spec flow.json', library)).code, 0)
  equal(library.calls[0]!.flow, spec)
})

s.test('--json: one object a line on stdout and nothing else', async () => {
  fresh()
  const { code, io } = await fit('--columns a,b --json')
  is(code, 0)
  is(io.err(), '')
  const events = io
    .out()
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { readonly event: string; readonly [field: string]: unknown })
  const named = (name: string): typeof events => events.filter(({ event }) => event === name)
  equal(
    named('phase').map(({ phase }) => phase),
    ['reading', 'training', 'baselines', 'calibration', 'done'],
  )
  is(named('start')[0]!['seed'], 0)
  is(named('step').length, 30)
  is(named('epoch').length, 3)
  is(events.at(-1)!.event, 'done')
  is(events.at(-1)!['model'], 'model.safetensors')
  is(events.at(-1)!['report'], 'model-report')
  is((events.at(-1)!['test'] as { readonly nats: number }).nats, -4.1)
  const again = testIo(fresh())
  await fit('--columns a,b --json', fakeLibrary(), again)
  is(again.out(), io.out(), 'no clock in it')
})

s.test('Ctrl-C: a checkpoint, how to go on, exit code 130, no model', async () => {
  fresh()
  const io = testIo(folder)
  const { code } = await fit('--columns a,b', fakeLibrary({ onStep: step => step === 12 && io.interrupt() }), io)
  is(code, 130)
  equal(files(), ['model-checkpoints', 'model-checkpoints/step-000000012.safetensors', 'table.csv'])
  ok(/stopping after this step; Ctrl-C again stops at once\n/.test(io.err()))
  ok(
    io.err().endsWith('stopped; the last step is saved in a checkpoint. To go on:\n  diffeo fit table.csv --columns a,b --resume\n'),
    io.err(),
  )
  const library = fakeLibrary()
  const resumed = await fit('--columns a,b --resume --allow-different-bits', library)
  is(resumed.code, 0)
  equal(library.calls[0]!.checkpoint, { folder: join(folder, 'model-checkpoints'), resume: true, allowDifferentBits: true })
  ok(/resumed at step 10/.test(resumed.io.err()))
  is(existsSync(join(folder, 'model-checkpoints')), false, 'a finished fit needs no checkpoints')
})

s.test('Ctrl-C with --json, and a path that a shell would split', async () => {
  fresh()
  writeFileSync(join(folder, 'my table.csv'), table)
  const io = testIo(folder)
  const code = await main(
    ['fit', 'my table.csv', '--columns', 'a,b', '--json'],
    io,
    fakeLibrary({ onStep: step => step === 3 && io.interrupt() }),
  )
  is(code, 130)
  equal(JSON.parse(io.out().trimEnd().split('\n').at(-1)!), {
    event: 'interrupted',
    resume: "diffeo fit 'my table.csv' --columns a,b --json --resume",
  })
})

s.test('Ctrl-C before training began leaves nothing', async () => {
  fresh()
  const io = testIo(folder)
  const library: Library = {
    ...fakeLibrary(),
    fitTable: () => {
      io.interrupt()
      return Promise.reject(new DOMException('This operation was aborted', 'AbortError'))
    },
  }
  is((await fit('--columns a,b', library, io)).code, 130)
  ok(/stopped before a checkpoint was written; nothing is left\n$/.test(io.err()))
  equal(files(), ['table.csv'])
})

s.test('checkpoints of an earlier run: gone when the new one begins, not before', async () => {
  fresh()
  mkdirSync(join(folder, 'cps'))
  writeFileSync(join(folder, 'cps', 'step-000000500.safetensors'), 'old')
  writeFileSync(join(folder, 'cps', 'mine.txt'), 'mine')
  is((await fit('--columns a,nosuch --checkpoints cps --force')).code, 2)
  ok(existsSync(join(folder, 'cps', 'step-000000500.safetensors')), 'bad data leaves them')
  is((await fit('--columns a,b --checkpoints cps --force')).code, 0)
  equal(readdirSync(join(folder, 'cps')), ['mine.txt'])
})

s.test('--force replaces model and report, and leaves other files alone', async () => {
  fresh()
  is((await fit('--columns a,b')).code, 0)
  writeFileSync(join(folder, 'model-report', 'mine.txt'), 'mine')
  writeFileSync(join(folder, 'model.safetensors'), 'old')
  is((await fit('--columns a,b')).code, 2)
  is((await fit('--columns a,b --force')).code, 0)
  is(readFileSync(join(folder, 'model.safetensors'), 'utf8') === 'old', false)
  is(readFileSync(join(folder, 'model-report', 'mine.txt'), 'utf8'), 'mine')
})

s.test('a training that broke down is exit code 1, and its model is kept', async () => {
  fresh()
  const { code, io } = await fit('--columns a,b', fakeLibrary({ stopped: 'nonFinite' }))
  is(code, 1)
  ok(/diffeo: the training broke down: .*; the last good parameters were written\n$/.test(io.err()))
  ok(existsSync(join(folder, 'model.safetensors')))
})

s.test('a bar on a terminal, with loss, rate and time left', async () => {
  fresh()
  const io = testIo(folder, { isTTY: true })
  const { code } = await fit('--columns a,b', fakeLibrary({ onStep: () => undefined }), io)
  is(code, 0)
  ok(/epoch 1 \[ +\] 0 % {2}loss – {2}validation – {2}– steps\/s {2}– left/.test(io.err()), JSON.stringify(io.err()))
  ok(io.err().includes('\u001b[?25h'), 'the cursor comes back')
})

s.test('a bar that is interrupted or fails gives the cursor back', async () => {
  for (const stop of ['interrupt', 'throw'] as const) {
    fresh()
    const io = testIo(folder, { isTTY: true })
    const onStep = (step: number): void => {
      if (step !== 5) return
      if (stop === 'throw') throw new RangeError('fit: expected something, got another thing')
      io.interrupt()
    }
    is((await fit('--columns a,b', fakeLibrary({ onStep }), io)).code, stop === 'throw' ? 2 : 130)
    ok(io.err().lastIndexOf('\u001b[?25h') > io.err().lastIndexOf('\u001b[?25l'), stop)
  }
})

s.test('a reader of the lines that goes away does not stop the fit', async () => {
  fresh()
  const io = testIo(folder)
  is(await main(['fit', 'table.csv', '--columns', 'a,b', '--json'], { ...io, stdout: closedAfter(2) }, fakeLibrary()), 0)
  ok(existsSync(join(folder, 'model.safetensors')))
})

s.run()
