import { build, foldIn, key, leaves, maf, mapTree, normalArray, nsf, tidy } from '@diffeo/core'
import type { FlowParams } from '@diffeo/core'
import { equal, is, near, rejects, suite, useTestBackend } from '@diffeo/testing'
import { add, memory, tensor } from '@tensorflow/tfjs-core'
import { disposeTree } from '../fit/dispose.ts'
import { executed } from './executed.ts'
import type { Execution } from './execution.ts'
import { flowFunctions, paddedRows } from './flow-functions.ts'
import type { EventRows, FlowFunctions } from './flow-functions.ts'
import { thisMachine } from './choose.ts'

const s = suite('functions of a flow, compiled and eager')
s.before(async () => {
  await useTestBackend('wasm')
  thisMachine()
})

const compiled: Execution = { mode: 'jit', simd: 'relaxed', workers: 1 }
const eager: Execution = { mode: 'eager', simd: 'plain', workers: 1 }
const flow = build(maf({ layers: 2, hidden: [8] }), { event: [2], context: [1] })

/** Parameters away from the identity. */
const someParams = (): FlowParams =>
  tidy(
    () =>
      mapTree(
        leaf =>
          add(
            leaf,
            tensor(
              normalArray(key(leaf.size), leaf.size).map(z => 0.3 * z),
              leaf.shape,
            ),
          ),
        flow.init(key(0)),
      ) as FlowParams,
  )
const rowsOf = (rows: number, contexts = rows): EventRows => ({
  rows,
  values: normalArray(key(1), 2 * rows),
  context: { rows: contexts, values: normalArray(key(2), contexts) },
})
const withBoth = (body: (jitted: FlowFunctions, reference: FlowFunctions, params: FlowParams) => void): void => {
  const before = memory().numTensors
  const [a, b, params] = [flowFunctions(flow, compiled), flowFunctions(flow, eager), someParams()]
  body(a, b, params)
  disposeTree(params)
  a.dispose()
  equal(memory().numTensors, before)
}

s.test('rows are padded to powers of two; in the last of many chunks to the size of the others', () => {
  equal(
    [1, 16, 17, 1000, 2048].map(n => paddedRows(n)),
    [16, 16, 32, 1024, 2048],
  )
  equal(paddedRows(5, 5000), 2048)
  equal(paddedRows(5, 2048 + 5), 2048)
})

s.test('padding changes nothing: each function agrees with its eager self at every count of rows', () =>
  withBoth((jitted, reference, params) => {
    for (const n of [1, 5, 16, 33]) {
      for (const rows of [rowsOf(n), rowsOf(n, 1)]) {
        near(jitted.logProb(params, rows), reference.logProb(params, rows), { atol: 1e-5 })
        near(jitted.toBase(params, rows), reference.toBase(params, rows), { atol: 1e-5 })
        const { context } = rows
        near(jitted.sample(params, key(3), n, context), reference.sample(params, key(3), n, context), { atol: 1e-4 })
        const [a, b] = [jitted, reference].map(f => f.sampleAndLogProb(params, foldIn(key(3), n), n, context))
        near(a!.values, b!.values, { atol: 1e-4 })
        near(a!.logProb, b!.logProb, { atol: 1e-4 })
        is(a!.values.length, 2 * n)
      }
    }
    const { context } = rowsOf(3)
    near(jitted.sampleEach(params, key(4), 5, context!, 16), reference.sampleEach(params, key(4), 5, context!), { atol: 1e-4 })
  }),
)

s.test('no rows are no work', () =>
  withBoth((jitted, _, params) => {
    equal(jitted.logProb(params, { rows: 0, values: new Float32Array(0) }).length, 0)
    equal(jitted.sample(params, key(0), 0).length, 0)
    equal(jitted.sampleAndLogProb(params, key(0), 0).logProb.length, 0)
  }),
)

s.test('a row with NaN stays alone with it', () =>
  withBoth((jitted, _, params) => {
    const rows = rowsOf(3)
    const bad = rows.values.map((value, i) => (i === 5 ? NaN : value))
    const scores = jitted.logProb(params, { ...rows, values: bad })
    equal([...scores].map(Number.isNaN), [false, false, true])
  }),
)

s.test('a function that reads its tensors says how it can be run', async () => {
  const reads = executed(compiled, (x: ReturnType<typeof tensor>) => add(x, x.dataSync()[0]!))
  const x = tensor([1, 2])
  await rejects(async () => reads(x), /no read of a traced tensor.*; or run it op by op: jit: false \(--no-jit\)/)
  await rejects(() => reads.compile(x), /--no-jit/)
  const eagerly = executed(eager, (y: ReturnType<typeof tensor>) => add(y, y.dataSync()[0]!), { donate: [0] })
  const y = eagerly(x)
  equal([...y.dataSync()], [2, 3])
  is(x.isDisposed, true, 'what is donated is gone')
  y.dispose()
})

s.test('a spline flow compiled: densities as eager', () => {
  const spline = build(nsf({ layers: 3, hidden: [8], bins: 4 }), { event: [3] })
  const params = spline.init(key(5))
  const [a, b] = [flowFunctions(spline, compiled), flowFunctions(spline, eager)]
  const rows = { rows: 40, values: normalArray(key(6), 120) }
  near(a.logProb(params, rows), b.logProb(params, rows), { atol: 1e-5 })
  is(
    leaves(params).every(leaf => !leaf.isDisposed),
    true,
  )
  disposeTree(params)
  a.dispose()
})

s.run()
