import { allocates, near, suite, useTestBackend } from '@diffeo/testing'
import { tidy } from '@diffeo/core'
import { apply } from './bijector-laws.ts'
import { values } from './draws.ts'
import { bijectorMembers, flowMembers } from './members.ts'

/** What a member gives on the backend in use, as numbers. */
const answers = (): ReadonlyMap<string, Float32Array> =>
  allocates(0, () =>
    tidy(
      () =>
        new Map([
          ...bijectorMembers.flatMap(m =>
            (['forward', 'inverse'] as const).flatMap((direction): ReadonlyArray<readonly [string, Float32Array]> => {
              const { out, logDet } = apply(m.bijector, direction, m.params(), m.points(4, 'base'), m.context(4))
              return [
                [`${m.name}: ${direction}`, values(out)],
                [`${m.name}: logDet of ${direction}`, values(logDet)],
              ]
            }),
          ),
          ...flowMembers.map((m): readonly [string, Float32Array] => [
            `${m.name}: logProb`,
            values(m.distribution.logProb(m.params(), m.points(4), m.context(4))),
          ]),
        ]),
    ),
  )

const s = suite('cpu and wasm')
const found: {
  cpu?: ReadonlyMap<string, Float32Array>
  wasm?: ReadonlyMap<string, Float32Array>
  again?: ReadonlyMap<string, Float32Array>
} = {}
s.before(async () => {
  await useTestBackend('cpu')
  found.cpu = answers()
  await useTestBackend('wasm')
  found.wasm = answers()
  found.again = answers()
})

const names = [
  ...bijectorMembers.flatMap(m => ['forward', 'logDet of forward', 'inverse', 'logDet of inverse'].map(what => `${m.name}: ${what}`)),
  ...flowMembers.map(m => `${m.name}: logProb`),
]
s.test('give the same values', () =>
  names.forEach(name => near(found.wasm!.get(name)!, found.cpu!.get(name)!, { atol: 2e-5, rtol: 2e-5, what: name })),
)
s.test('wasm gives the same bits twice', () =>
  names.forEach(name => near(found.again!.get(name)!, found.wasm!.get(name)!, { atol: 0, what: name })),
)
s.run()
