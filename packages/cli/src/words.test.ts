import { equal, is, ok, suite } from '@diffeo/testing'
import {
  autoregressive,
  chain,
  coupling,
  elementwise,
  flow,
  iaf,
  invert,
  made,
  maf,
  mlp,
  nice,
  nsf,
  rationalQuadratic,
  realNvp,
  repeat,
  residualMlp,
  reverse,
  scale,
  standardNormal,
} from '@diffeo/core'
import { quotedArguments } from './commands/quoted-arguments.ts'
import { describeFlow } from './describe-flow.ts'
import { CliError, explain } from './failure.ts'
import { valuesOf } from './flags/list.ts'
import { decimal } from './flags/number.ts'
import { csvHeader, csvLines } from './output/csv.ts'
import { timeLeft } from './progress/bar.ts'
import { matrix } from '@diffeo/train'

const s = suite('cli: words')

s.test('flows by name', () => {
  equal(
    [nsf(), nsf({ autoregressive: true }), maf(), iaf(), realNvp(), nice()].map(spec => describeFlow(spec).name),
    [
      'neural spline flow',
      'autoregressive neural spline flow',
      'masked autoregressive flow',
      'inverse autoregressive flow',
      'RealNVP',
      'NICE flow',
    ],
  )
  const own = flow({
    base: standardNormal(),
    bijector: invert(
      repeat(
        4,
        chain(
          autoregressive(made({ hidden: [8] }), rationalQuadratic({ bins: 4 })),
          coupling(residualMlp({ width: 16, blocks: 2 }), rationalQuadratic({ bins: 4 })),
          reverse(),
          elementwise(scale()),
        ),
      ),
    ),
  })
  is(describeFlow(own).name, 'flow')
  ok(
    /^4 × masked autoregressive \(.*made of 8 hidden units\); 4 × coupling \(.*residualMlp of 2 blocks, 16 wide\); 4 × elementwise \(scale\)$/.test(
      describeFlow(own).detail,
    ),
    describeFlow(own).detail,
  )
  is(describeFlow(realNvp({ layers: 4, hidden: [] })).detail, '4 × coupling (affine, mlp of no hidden units)')
  is(describeFlow(flow({ base: standardNormal(), bijector: chain() })).detail, 'no layers')
  is(describeFlow(flow({ base: standardNormal(), bijector: { _tag: 'mine' } })).detail, '1 × mine')
  ok(describeFlow(flow({ base: standardNormal(), bijector: coupling(mlp(), rationalQuadratic()) })).name.includes('spline'))
})

s.test('arguments as a shell takes them', () => {
  is(
    quotedArguments(['fit', 'my table.csv', '--given', "a'b", '--columns', 'x,y', '$(rm)']),
    `fit 'my table.csv' --given 'a'\\''b' --columns x,y '$(rm)'`,
  )
})

s.test('values by column', () => {
  equal(valuesOf('--given', 'a=1, b=-2e3'), { a: '1', b: '-2e3' })
  is(valuesOf('--given', 'given.csv'), undefined)
  is(valuesOf('--given', 'a=1,b'), undefined)
})

s.test('decimal numbers only', () => {
  equal(['1', '-1.5', '.5', '1.', '1e3', '+2'].map(decimal), [1, -1.5, 0.5, 1, 1000, 2])
  equal(['', ' 1', '0x5', '1e400', 'NaN', 'Infinity', '1_000', '1,5', '5 apples', '--1', '١٢'].map(decimal), new Array(11).fill(undefined))
})

s.test('tables as text: quoted names, numbers that read back', () => {
  is(csvHeader(['a', 'b,c', 'say "d"', ' e'], ','), 'a,"b,c","say ""d"""," e"\n')
  is(csvLines(matrix(2, 2, Float64Array.of(0.1, -0, 1e21, NaN)), ';'), '0.1;0\n1e+21;NaN\n')
  is(csvLines(matrix(0, 2), ','), '')
})

s.test('time left', () => {
  equal([45.4, 200, 7500, NaN, Infinity, -3].map(timeLeft), ['45 s', '3 min 20 s', '2 h 5 min', '–', '–', '0 s'])
})

s.test('what was thrown, in a line', () => {
  equal(explain(new CliError('a\nb\nc')), { code: 2, line: 'a (and 2 more)' })
  equal(explain(new RangeError('nsf: expected 3 to 1000 layers, got 2')), { code: 2, line: 'nsf: expected 3 to 1000 layers, got 2' })
  equal(explain(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', path: '/x/y' })), {
    code: 2,
    line: '/x/y: no permission',
  })
  equal(explain(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })), { code: 0, line: undefined })
  equal(explain('text'), { code: 1, line: 'unexpected: text; --debug shows where' })
})

s.run()
