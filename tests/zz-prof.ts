import '@tensorflow/tfjs-backend-wasm'
import { jitted } from '/work/h4/tests/bench/contestants/jit.ts'
import { familySpecs } from '/work/h4/tests/bench/contestants/family-specs.ts'
import { familyWork } from '/work/h4/tests/bench/families.ts'
import type { FamilyName } from '/work/h4/tests/bench/families.ts'
import { specOf } from '/work/h4/tests/bench/contestants/spec.ts'
import { workOf } from '/work/h4/tests/bench/workloads.ts'
import { model, trainingStep } from '/work/h4/tests/program/steps.ts'
import { env, ready, setBackend, mul, tanh } from '@tensorflow/tfjs-core'
env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
await setBackend('wasm'); await ready()
for (const name of process.argv[2]!.split(',')) {
  const work = /^W/.test(name) ? workOf(name) : familyWork(name as FamilyName)
  const { flow, params, x: r } = model(specOf(work), work.dim, work.rows)
  const x = work.angles ? mul(Math.PI, tanh(r)) : r
  const { init, step } = trainingStep(flow)
  const f: any = jitted(step as any, { donate: [0, 1], deterministic: false } as any)
  let at: any = { params, state: init(params) }
  const run = () => { const n = f.call(at.params, at.state, x); at = n; const v = n.loss.dataSync()[0]; n.loss.dispose(); return v }
  const v0 = run()
  const seconds = Number(process.argv[3] ?? 2)
  const times: number[] = []
  const end = performance.now() + seconds * 1000
  while (performance.now() < end || times.length < 5) { const c = process.cpuUsage(); run(); const d = process.cpuUsage(c); times.push((d.user + d.system) / 1000) }
  times.sort((a, b) => a - b)
  console.log(name, 'loss', v0.toFixed(6), 'cpu ms median', times[times.length >> 1]!.toFixed(3), 'min', times[0]!.toFixed(3), 'q25', times[times.length >> 2]!.toFixed(3), 'n', times.length, JSON.stringify(f.facts(at.params, at.state, x)))
}
