/* A few members and draws of what `npm run browser -- laws` does for all. */
import { ok } from '@diffeo/testing'
import { fileURLToPath } from 'node:url'
import { browserSuite } from './browser-suite.ts'
import type { Checked, Finding } from './findings.ts'
import { startChromium, visit } from './visit.ts'
import type { Visit } from './visit.ts'
import { roundingsOf } from './webgl-roundings.ts'

const browser = await startChromium()
const s = browserSuite('laws in a browser', browser)
const state: { visit?: Visit } = {}

s.before(async () => {
  if ('missing' in browser) return
  state.visit = await visit(browser, fileURLToPath(new URL('laws-page.ts', import.meta.url)))
  await state.visit.call('start', 'webgl')
})
s.after(() => state.visit?.close())

const members = ['coupling(rationalQuadratic), D = 3, given a context', 'autoregressive(affine), D = 3, given a context']

// why points of circles are moved back onto them, and `roundingsOf` allows samples of angles more
s.test("webgl's sines are within 2^-11 and its arc tangents within 2 roundings", async () => {
  const { sine, arcTangent } = await state.visit!.call<{ readonly sine: number; readonly arcTangent: number }>('angleErrors')
  ok(sine < 2 ** -11 && arcTangent < 2 ** -22, `sines off by ${sine}, arc tangents by ${arcTangent}`)
})

members.forEach(member => {
  for (const way of ['wasm', 'webgl'] as const)
    s.test(`${way}: ${member}`, async () => {
      const roundings = way === 'wasm' ? 1 : roundingsOf('member', member)
      const { failures, rows } = await state.visit!.call<Checked>('laws', member, way, 2, 10, [1], roundings)
      ok(failures.length === 0 && rows > 0, failures.join('\n'))
    })
  s.test(`backends agree: ${member}`, async () => {
    const apart = await state.visit!.call<Finding['apart']>('differences', member, 1, 10, ['wasm', 'compiled', 'webgl'])
    Object.entries(apart).forEach(([way, { points, logDets }]) =>
      ok(Math.max(points, logDets) < 1e-4, `${way}: off by ${points} and ${logDets}`),
    )
  })
})

for (const way of ['wasm', 'webgl'] as const)
  s.test(`${way}: a flow of the sphere has a density where it draws`, async () => {
    const [member, roundings] = ['sphereFlow of S3, D = 4', way === 'wasm' ? 1 : roundingsOf('distribution', 'sphereFlow')]
    const { failures, rows } = await state.visit!.call<Checked>('distributionLaws', member, way, 1, 10, [1], roundings)
    ok(failures.length === 0 && rows > 0, failures.join('\n'))
  })

s.run()
