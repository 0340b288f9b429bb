import { key, leaves, maf, negativeLogLikelihood, normalArray, nsf, random, realNvp } from '@diffeo/core'
import type { Loss, FlowParams, build } from '@diffeo/core'
import { decodeSafetensors, treeFromBytes, treeToBytes } from '@diffeo/codec'
import { equal, is, near, ok, rejects, suite, useTestBackend } from '@diffeo/testing'
import { less, memory, mul, scalar, where } from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Data, Model } from '../model/contract.ts'
import { loadModel } from '../model/load.ts'
import { fit, fitTable } from './fit.ts'
import type { FitOptions } from './options.ts'
import { planOf } from './plan.ts'

const s = suite('fit')
s.before(() => useTestBackend('wasm'))

/** Two columns, y = x^2 / 2 + noise, far from standard units. */
const banana = (rows: number, seed = 0): Data => {
  const z = normalArray(key(seed), 2 * rows)
  return {
    x: Float64Array.from({ length: rows }, (_, i) => 100 + 20 * z[2 * i]!),
    y: Float64Array.from({ length: rows }, (_, i) => 1e-3 * (0.5 * z[2 * i]! ** 2 + 0.5 * z[2 * i + 1]!)),
  }
}

const quick: FitOptions = {
  flow: nsf({ layers: 3, bins: 4, hidden: [16] }),
  batchSize: 64,
  epochs: 4,
  baselines: false,
  calibration: false,
  seed: 1,
}

const inTemporary = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'diffeo-fit-'))
  try {
    await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

s.test('a spline flow beats the Gaussian on a banana, in the units of the data, and leaks nothing', async () => {
  const before = memory().numTensors
  const model = await fit(banana(1500), { flow: nsf({ layers: 3, bins: 6, hidden: [32] }), steps: 250, learningRate: 5e-3, seed: 0 })
  const { test } = model.record
  const gaussian = test!.baselines.find(b => b.name === 'gaussian')!
  ok(gaussian.lead.nats > 2 * gaussian.lead.se, `the lead is ${gaussian.lead.nats} +- ${gaussian.lead.se}`)
  // the entropy of the banana: log(2 pi e sqrt(1 * 0.25)) + log(20) + log(1e-3)
  near(test!.nats, -(Math.log(2 * Math.PI * Math.E * 0.5) + Math.log(20) + Math.log(1e-3)), { atol: 0.25, what: 'nats' })
  model.dispose()
  equal(memory().numTensors, before)
})

s.test('the same seed gives the same bytes, another seed others', async () => {
  const bytes = async (seed: number): Promise<Uint8Array> => {
    const model = await fit(banana(300), { ...quick, seed })
    const encoded = model.encode()
    model.dispose()
    return encoded
  }
  const [a, b, c] = [await bytes(1), await bytes(1), await bytes(2)]
  ok(Buffer.from(a).equals(b), 'equal seeds')
  ok(!Buffer.from(a).equals(c), 'other seeds')
})

for (const jit of [false, true])
  s.test(`a run that is aborted and resumed, at any step, ends in the bytes of one that was not; ${jit ? 'compiled' : 'eager'}`, () =>
    inTemporary(async folder => {
      const before = memory().numTensors
      const same: FitOptions = { ...quick, ema: 0.9, weightDecay: 1e-4, jit }
      const whole = await fit(banana(300), same)
      is(whole.record.options.execution.mode, jit ? 'jit' : 'eager')
      for (const at of [1, 3, 5, 9]) {
        const checkpoint = { folder: join(folder, `at-${at}`), everySteps: 2 }
        const abort = new AbortController()
        const stopped = await fit(banana(300), {
          ...same,
          checkpoint,
          signal: abort.signal,
          onStep: ({ step }) => step === at && abort.abort(),
        })
        equal(stopped.record.stopped, 'aborted')
        // as a person would, without saying again how it is run
        const { jit: _, ...unsaid } = same
        const resumed = await fit(banana(300), { ...unsaid, checkpoint: { ...checkpoint, resume: true } })
        ok(Buffer.from(resumed.encode()).equals(whole.encode()), `resumed at step ${at}`)
        stopped.dispose()
        resumed.dispose()
      }
      whole.dispose()
      equal(memory().numTensors, before)
    }),
  )

s.test('compiled and eager fits agree but for rounding; deterministic ones have bits of their own', async () => {
  const fitted = async (options: FitOptions): Promise<Model> => fit(banana(300), { ...quick, ...options })
  const models = [await fitted({ jit: false }), await fitted({ jit: true }), await fitted({ jit: true, deterministic: true })]
  const [eager, compiled, plain] = models
  near(compiled!.record.best!.validation, eager!.record.best!.validation, { atol: 1e-4 })
  near(plain!.record.best!.validation, eager!.record.best!.validation, { atol: 1e-4 })
  is(plain!.record.options.execution.simd, 'plain')
  models.forEach(model => model.dispose())
})

s.test('short fits run eagerly, longer ones compiled, and a fit tells which, and when it has compiled', async () => {
  const told: string[] = []
  const run = async (steps: number): Promise<void> => {
    const model = await fit(banana(300), {
      ...quick,
      epochs: 100,
      steps,
      onStart: ({ execution }) => told.push(execution.mode),
      onCompiled: seconds => told.push(seconds > 0 ? 'compiled' : 'in no time'),
    })
    model.dispose()
  }
  await run(6)
  await run(30)
  equal(told, ['eager', 'jit', 'compiled'])
})

s.test('a run goes on as it began; otherwise only where different bits are allowed', () =>
  inTemporary(async folder => {
    const abort = new AbortController()
    const begun = await fit(banana(300), {
      ...quick,
      jit: true,
      checkpoint: { folder },
      signal: abort.signal,
      onStep: ({ step }) => step === 4 && abort.abort(),
    })
    begun.dispose()
    const before = memory().numTensors
    const goOn = (options: FitOptions, allowDifferentBits: boolean): Promise<Model> =>
      fit(banana(300), { ...quick, ...options, checkpoint: { folder, resume: true, allowDifferentBits } })
    await rejects(() => goOn({ jit: false }, false), /\(compiled, \w+ SIMD\), got jit: false.*--allow-different-bits/)
    equal(memory().numTensors, before)
    const resumed = await goOn({ jit: false }, true)
    is(resumed.record.options.execution.mode, 'eager')
    resumed.dispose()
  }),
)

s.test('a checkpoint of another version of the library is taken only where different bits are allowed', () =>
  inTemporary(async folder => {
    const whole = await fit(banana(300), { ...quick, checkpoint: { folder, keep: 1 } })
    whole.dispose()
    const [name] = await readdir(folder)
    const path = join(folder, name!)
    const bytes = await readFile(path)
    const [file, tree] = [decodeSafetensors(bytes), treeFromBytes(bytes)]
    if (E.isLeft(file) || E.isLeft(tree)) throw new Error('the checkpoint does not read')
    const metadata = JSON.parse(file.right.metadata['diffeo.checkpoint']!) as { readonly identity: object }
    const other = { ...metadata, identity: { ...metadata.identity, library: '0.0.9' } }
    await writeFile(path, treeToBytes(tree.right, { 'diffeo.checkpoint': JSON.stringify(other) }))
    leaves(tree.right).forEach(leaf => leaf.dispose())
    const goOn = (allowDifferentBits: boolean): Promise<Model> =>
      fit(banana(300), { ...quick, checkpoint: { folder, resume: true, allowDifferentBits } })
    await rejects(() => goOn(false), /another library: 0\.0\.9 instead of .*--allow-different-bits/)
    const resumed = await goOn(true)
    is(resumed.record.stopped, 'epochs')
    resumed.dispose()
  }),
)

s.test('a checkpoint of version 1 is that of an eager run', () =>
  inTemporary(async folder => {
    const whole = await fit(banana(300), { ...quick, jit: false, checkpoint: { folder, everySteps: 1, keep: 5 } })
    const names = (await readdir(folder)).sort()
    const path = join(folder, names[0]!)
    await Promise.all(names.slice(1).map(name => rm(join(folder, name))))
    const bytes = await readFile(path)
    const [file, tree] = [decodeSafetensors(bytes), treeFromBytes(bytes)]
    if (E.isLeft(file) || E.isLeft(tree)) throw new Error('the checkpoint does not read')
    const { identity, progress } = JSON.parse(file.right.metadata['diffeo.checkpoint']!) as {
      readonly identity: Record<string, string>
      readonly progress: object
    }
    const plan = identity['plan']!.replace(/\}$/, ',"execution":"eager"}')
    const older = { version: 1, identity: { ...identity, plan }, progress }
    await writeFile(path, treeToBytes(tree.right, { 'diffeo.checkpoint': JSON.stringify(older) }))
    leaves(tree.right).forEach(leaf => leaf.dispose())
    const warnings: string[] = []
    const resumed = await fit(banana(300), {
      ...quick,
      checkpoint: { folder, resume: true },
      onWarning: text => warnings.push(text),
    })
    equal(warnings, [])
    ok(Buffer.from(resumed.encode()).equals(whole.encode()))
    whole.dispose()
    resumed.dispose()
  }),
)

s.test('a torn newest checkpoint is passed over for the one before it', () =>
  inTemporary(async folder => {
    const checkpoint = { folder, everySteps: 2, keep: 3 }
    const whole = await fit(banana(300), { ...quick, checkpoint })
    const names = (await readdir(folder)).sort()
    equal(names.length, 3)
    await truncate(join(folder, names.at(-1)!), 1000)
    const bytes = await readFile(join(folder, names.at(-2)!))
    bytes[bytes.length - 9]! ^= 1
    await writeFile(join(folder, names.at(-2)!), bytes)
    const warnings: string[] = []
    const resumed = await fit(banana(300), {
      ...quick,
      checkpoint: { ...checkpoint, resume: true },
      onWarning: text => warnings.push(text),
    })
    equal(warnings.length, 2)
    ok(/CRC-32|damaged/.test(warnings.join()) && warnings.every(text => text.includes('passed over')), warnings.join())
    ok(Buffer.from(resumed.encode()).equals(whole.encode()))
    whole.dispose()
    resumed.dispose()
  }),
)

s.test('a checkpoint of another run is refused, naming what differs', () =>
  inTemporary(async folder => {
    const first = await fit(banana(300), { ...quick, checkpoint: { folder } })
    first.dispose()
    const again = (more: FitOptions, data = banana(300)): Promise<unknown> =>
      fit(data, { ...quick, ...more, checkpoint: { folder, resume: true } })
    await rejects(() => again({ learningRate: 1e-2 }), /another plan/)
    await rejects(() => again({ flow: realNvp({ layers: 3, hidden: [8] }) }), /another (flow|checkpoint)|expected/)
    await rejects(() => again({}, banana(300, 7)), /another (schema|data)/)
  }),
)

for (const jit of [false, true])
  s.test(
    `a loss that becomes NaN stops the fit, names step and leaf, and keeps the last good parameters; ${jit ? 'compiled' : 'eager'}`,
    async () => {
      /** NaN at the steps whose key says so: the fourth is the first. */
      const poisoned = (flow: ReturnType<typeof build>): Loss<FlowParams> => {
        const loss = negativeLogLikelihood(flow)
        return (params, batch, k) => mul(loss(params, batch, k), where(less(random.uniform(k!, []), 0.25), scalar(NaN), scalar(1)))
      }
      const before = memory().numTensors
      const model = await fit(banana(300), { ...quick, loss: poisoned, jit })
      equal(model.record.stopped, 'nonFinite')
      ok(/step 4: the loss is NaN.*gradient of bijector/.test(model.record.notes.join()), model.record.notes.join())
      ok(leaves(model.params).every(leaf => leaf.dataSync<'float32'>().every(Number.isFinite)))
      model.dispose()
      equal(memory().numTensors, before)
    },
  )

s.test('an exception in the loss or a callback comes out and leaks nothing', async () => {
  const before = memory().numTensors
  await rejects(
    () =>
      fit(banana(300), {
        ...quick,
        onEpoch: () => {
          throw new Error('enough')
        },
      }),
    /enough/,
  )
  await rejects(
    () =>
      fit(banana(300), {
        ...quick,
        loss: () => () => {
          throw new Error('no loss')
        },
      }),
    /no loss/,
  )
  equal(memory().numTensors, before)
})

s.test('early stopping keeps the best parameters', async () => {
  const epochs: number[] = []
  const model = await fit(banana(120), {
    ...quick,
    flow: nsf({ layers: 3, bins: 8, hidden: [64] }),
    learningRate: 3e-2,
    schedule: 'constant',
    epochs: 200,
    patience: 5,
    onEpoch: ({ validation }) => epochs.push(validation),
  })
  equal(model.record.stopped, 'patience')
  equal(model.record.best!.validation, Math.min(...epochs))
  equal(epochs.length, model.record.best!.epoch + 5)
  model.dispose()
})

s.test('conditional: rows, given values, samples and files in the units of the data', () =>
  inTemporary(async folder => {
    const before = memory().numTensors
    const model = await fit(banana(400), { ...quick, flow: maf({ layers: 2, hidden: [16] }), given: ['x'], epochs: 3 })
    const rows = [
      { x: 80, y: 0.0005 },
      { x: 120, y: 0.001 },
    ]
    const [a, b] = await model.logProb(rows)
    near((await model.given({ x: 80 }).logProb([{ y: 0.0005 }]))[0]!, a!, { atol: 1e-5 })
    near((await model.given({ x: 120 }).logProb({ y: [0.001] }))[0]!, b!, { atol: 1e-5 })
    const samples = await model.sample(5, { given: { x: 100 }, seed: 4 })
    equal(Object.keys(samples[0]!), ['y'])
    equal((await model.sample(3, { given: { x: 100 }, seed: 4 }))[2], samples[2])
    await model.save(join(folder, 'm.safetensors'))
    const loaded = await loadModel(join(folder, 'm.safetensors'))
    equal([...(await loaded.logProb(rows))], [a, b])
    ok(Buffer.from(loaded.encode()).equals(model.encode()), 'the same bytes again')
    await rejects(() => model.sample(2), /expected given values for 'x', got none/)
    await rejects(() => model.sample(2, { given: { z: 1 } }), /expected values for 'x', got 'z'/)
    await rejects(() => model.logProb([{ y: 1 }]), /x/)
    model.dispose()
    await rejects(() => model.logProb(rows), /disposed/)
    loaded.dispose()
    equal(memory().numTensors, before)
  }),
)

s.test('what fitTable gives a report: held-out rows in the units of the data, samples at their given values', async () => {
  const { model, heldOut, evaluation } = await fitTable(banana(300), { ...quick, calibration: true, baselines: true })
  equal(heldOut!.event.rows, model.record.rows.test)
  near([...(await model.logProb({ x: column(heldOut!.event, 0), y: column(heldOut!.event, 1) }))], [...heldOut!.logProb], { atol: 1e-3 })
  equal(evaluation!.samples.rows, heldOut!.event.rows)
  equal(
    evaluation!.pit.map(p => p.column),
    ['x', 'y'],
  )
  model.dispose()
})

s.test('a conditional fit is checked by SBC ranks and TARP as well', async () => {
  const { model, evaluation } = await fitTable(banana(400), {
    ...quick,
    flow: maf({ layers: 2, hidden: [16] }),
    given: ['x'],
    epochs: 2,
    calibration: true,
  })
  const [ranks] = evaluation!.sbc!
  equal([ranks!.column, ranks!.ranks.length], ['y', model.record.rows.test])
  ok(ranks!.ranks.every(rank => rank >= 0 && rank <= ranks!.draws))
  ok(model.record.test!.calibration.some(({ name }) => name === 'TARP coverage'))
  model.dispose()
})

const column = (m: { readonly rows: number; readonly columns: number; readonly values: ArrayLike<number> }, j: number): Float64Array =>
  Float64Array.from({ length: m.rows }, (_, i) => m.values[i * m.columns + j]!)

const badOptions: ReadonlyArray<readonly [string, FitOptions, RegExp]> = [
  ['batch size 0', { batchSize: 0 }, /batchSize.*>= 1, got 0/],
  ['batch size 1.5', { batchSize: 1.5 }, /batchSize.*got 1.5/],
  ['epochs 0', { epochs: 0 }, /epochs.*got 0/],
  ['steps -1', { steps: -1 }, /steps.*got -1/],
  ['patience 0', { patience: 0 }, /patience.*got 0/],
  ['learning rate NaN', { learningRate: NaN }, /learningRate.*got NaN/],
  ['learning rate 0', { learningRate: 0 }, /learningRate.*got 0/],
  ['learning rate 1e9', { learningRate: 1e9 }, /learningRate.*got 1000000000/],
  ['clip norm 0', { clipNorm: 0 }, /clipNorm.*got 0/],
  ['weight decay -1', { weightDecay: -1 }, /weightDecay.*got -1/],
  ['ema 1', { ema: 1 }, /ema.*got 1/],
  ['seed 1.5', { seed: 1.5 }, /seed.*got 1.5/],
  ['seed -1', { seed: -1 }, /seed.*got -1/],
  ['validation 0.7', { validation: 0.7 }, /validation.*got 0.7/],
  ['an unknown column', { columns: ['x', 'why'] }, /why/],
  ['an unknown given column', { given: ['z'] }, /z/],
  ['a given column that is modelled', { columns: ['x', 'y'], given: ['x'] }, /both/],
]
badOptions.forEach(([name, options, expected]) =>
  s.test(`${name} is refused before training`, async () => {
    const before = memory().numTensors
    await rejects(() => fit(banana(100), { ...quick, ...options }), expected)
    equal(memory().numTensors, before)
  }),
)

s.test('the plan follows from the rows and the options alone', () => {
  equal(planOf({ steps: 10 }, 0, 1000).steps, 10)
  equal(planOf({ epochs: 3, batchSize: 100 }, 0, 1000).steps, 30)
  equal(planOf({}, 0, 1000).batchSize, 50)
  equal(planOf({ batchSize: 512 }, 0, 100).batchSize, 100)
})

s.run()
