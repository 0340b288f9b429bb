import { ok, suite, useTestBackend } from '@diffeo/testing'
import { linspace, zeros } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import { tidy } from '../tensor.ts'
import { deepSigmoid, deepSigmoidTransformer } from './deep-sigmoid.ts'
import { gaussianization, gaussianizationTransformer } from './gaussianization.ts'
import { heavyTails, heavyTailsTransformer } from './heavy-tails.ts'
import { logisticMixture, logisticMixtureTransformer } from './logistic-mixture.ts'
import { sumOfSquares, sumOfSquaresTransformer } from './sum-of-squares.ts'

const s = suite('transformers that start close to the identity')
s.before(() => useTestBackend('cpu'))

/** The largest distance from the identity on [-reach, reach] at theta = 0. */
const distance = (t: Transformer, reach: number): number =>
  tidy(() => {
    const x = linspace(-reach, reach, 201)
    const y = t.forward({}, zeros([201, t.size]), x).y.dataSync()
    return [...x.dataSync()].reduce((most, at, i) => Math.max(most, Math.abs(y[i]! - at)), 0)
  })

const starts: ReadonlyArray<readonly [string, Transformer, number, number]> = [
  ...[2, 8, 16].flatMap(count => [
    [`deepSigmoid of ${count} units`, deepSigmoidTransformer(deepSigmoid({ units: count })), 5, 0.35] as const,
    [`logisticMixture of ${count} components`, logisticMixtureTransformer(logisticMixture({ components: count })), 5, 0.35] as const,
    [`gaussianization of ${count} components`, gaussianizationTransformer(gaussianization({ components: count })), 3, 0.1] as const,
  ]),
  ['sumOfSquares', sumOfSquaresTransformer(sumOfSquares()), 5, 0.05],
  ['heavyTails', heavyTailsTransformer(heavyTails()), 3, 0.075],
]

starts.forEach(([name, t, reach, most]) =>
  s.test(`${name}: within ${most} on [-${reach}, ${reach}]`, () => {
    const apart = distance(t, reach)
    ok(apart <= most, `off by ${apart}`)
  }),
)

s.run()
