import {
  autoregressive,
  build,
  chain,
  coupling,
  invert,
  key,
  made,
  maf,
  mlp,
  nsf,
  permute,
  rationalQuadratic,
  repeat,
  reverse,
} from '@diffeo/core'
import type { BijectorSpec } from '@diffeo/core'
import { equal, is, ok, suite, useTestBackend } from '@diffeo/testing'
import type { ColumnSchema } from '../data/schema.ts'
import { takesAngles, withAngles } from './circular.ts'
import { compileFlow } from './compile.ts'
import type { ColumnKind } from './kind.ts'

const s = suite('flows of tables')
s.before(() => useTestBackend('cpu'))

const columnOf = (kind: ColumnKind | undefined, i: number): ColumnSchema => ({
  name: `x${i}`,
  shift: 0,
  scale: 1,
  step: null,
  atoms: [],
  ...(kind && { kind }),
})
const kinds: { readonly [name: string]: ColumnKind | undefined } = {
  real: undefined,
  angle: { _tag: 'circular', from: 0, to: 360 },
  share: { _tag: 'bounded', low: 0, high: 1 },
  positive: { _tag: 'positive' },
  category: { _tag: 'categorical', categories: ['a', 'b', 'c'] },
  flag: { _tag: 'categorical', categories: ['0', '1'] },
}
const recipe = nsf({ layers: 3, bins: 4, hidden: [8] })
const tables: ReadonlyArray<string> = [
  'real real',
  'angle',
  'angle angle',
  'real angle',
  'angle real share positive angle',
  'category',
  'category flag',
  'real category',
  'angle category',
  'flag share angle category positive',
  'positive',
]
const supports: { readonly [name: string]: string } = {
  real: 'real',
  angle: 'circle',
  share: 'interval',
  positive: 'positive',
  category: 'categories',
  flag: 'categories',
}

for (const table of tables)
  for (const [name, spec] of [
    ['couplings', recipe],
    ['autoregressive', nsf({ layers: 2, bins: 4, hidden: [8], autoregressive: true })],
  ] as const)
    for (const context of [undefined, [2]])
      s.test(`${table}, ${name}${context ? ', given a context' : ''}`, () => {
        const names = table.split(' ')
        const columns = names.map((kind, i) => columnOf(kinds[kind], i))
        const moments = columns.map(() => ({ mean: 0.3, deviation: 1.2 }))
        const compiled = compileFlow(spec, { columns, given: [], missing: 'refuse' }, moments)
        const flow = build(compiled, { event: [names.length], ...(context && { context }) })
        const { support } = flow.space
        const tags = support._tag === 'each' ? support.dimensions.map(({ _tag }) => _tag) : names.map(() => support._tag)
        equal(
          tags,
          names.map(kind => supports[kind]),
        )
        const params = flow.init(key(0))
        const given =
          context &&
          build(recipe, { event: [2] }).sample({ base: {}, bijector: build(recipe, { event: [2] }).init(key(0)).bijector }, key(3), 5)
        const { x, logProb } = flow.sampleAndLogProb(params, key(1), 5, given)
        const again = flow.logProb(params, x, given).dataSync()
        logProb.dataSync().forEach((value, i) => ok(Math.abs(value - again[i]!) < 1e-3, `${value} ${again[i]}`))
        if (table === 'real real') is(compiled, spec)
      })

const spline = rationalQuadratic({ bins: 4 })
s.test('angles keep their places through permutations and repetitions', () => {
  const layer = coupling(mlp({ hidden: [4] }), spline)
  const bijector: BijectorSpec = invert(
    chain(layer, permute([2, 0, 1]), repeat(2, chain(autoregressive(made({ hidden: [6] }), spline), reverse())), layer),
  )
  equal(withAngles(bijector, [true, false, false])?.layout, [false, true, false])
  const columns = [columnOf(kinds['angle'], 0), columnOf(undefined, 1), columnOf(undefined, 2)]
  const moments = columns.map(() => ({ mean: 0, deviation: 1 }))
  const flow = build(compileFlow({ ...recipe, bijector }, { columns, given: [], missing: 'refuse' }, moments), { event: [3] })
  is(flow.space.support._tag, 'each')
})

s.test('which flows take angles', () => {
  is(takesAngles(recipe, 3), true)
  is(takesAngles(nsf({ autoregressive: true }), 3), true)
  is(takesAngles(maf(), 3), false)
  is(takesAngles(nsf({ seed: 3 }), 3), false)
})

s.run()
