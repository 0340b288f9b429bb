import { leaves, maf, nsf, realNvp } from '@diffeo/core'
import type { FlowSpec, Params } from '@diffeo/core'
import { fuse, inlineCustom, memoryPlan, optimize, trace } from '@diffeo/program'
import type { Program, Step, Value } from '@diffeo/program'
import { equal, ok, suite, useTestBackend } from '@diffeo/testing'
import { model, trainingStep } from './steps.ts'

const flows: Readonly<Record<string, readonly [FlowSpec, number]>> = {
  realNvp: [realNvp({ layers: 8, hidden: [32, 32] }), 2],
  nsf: [nsf({ layers: 4, bins: 8, hidden: [32, 32] }), 6],
  'autoregressive nsf': [nsf({ layers: 3, bins: 8, hidden: [32], autoregressive: true }), 6],
  maf: [maf({ layers: 5, hidden: [32, 32] }), 12],
}

/** The first value of each node. */
const firsts = ({ inputs, constants, nodes }: Program): ReadonlyArray<Value> => {
  let next = inputs.length + constants.length
  return nodes.map(node => (next += node.outputs.length) - node.outputs.length)
}

/** Runs through the steps and finds every value where it is read. */
const checkOrder = (program: Program, steps: ReadonlyArray<Step>): void => {
  const first = firsts(program)
  const there = new Set<Value>(Array.from({ length: program.inputs.length + program.constants.length }, (_, i) => i))
  for (const step of steps) {
    step.inputs.forEach(value => ok(there.has(value), `step ${step.nodes.join()} reads %${value} before it is made`))
    const inside = new Set(step.inputs)
    for (const i of step.nodes) {
      program.nodes[i]!.inputs.forEach(value => ok(inside.has(value), `node ${i} reads %${value}, which its step does not have`))
      program.nodes[i]!.outputs.forEach((_, output) => inside.add(first[i]! + output))
    }
    for (const value of step.outputs) {
      ok(!there.has(value), `%${value} is made twice`)
      there.add(value)
    }
  }
  leaves<Value>(program.outputs).forEach(value => ok(there.has(value), `%${value} is never made`))
  const once = steps.flatMap(({ nodes }) => nodes).filter(i => program.nodes[i]!.op !== 'broadcast')
  equal(once.length, new Set(once).size)
}

/** Writes each value's number where the plan puts it, and finds it there whenever it is read. */
const checkMemory = (program: Program, steps: ReadonlyArray<Step>): number => {
  const { bytes, peak, places } = memoryPlan(program, steps)
  const memory = new Array<Value | undefined>(bytes / 16).fill(undefined)
  const root = (value: Value): Value => {
    const place = places[value]!
    return place.kind === 'alias' ? root(place.of) : value
  }
  const slots = (value: Value): ReadonlyArray<number> => {
    const place = places[root(value)]!
    ok(place.kind !== 'none', `%${value} is read outside of its step and has no place`)
    return place.kind === 'arena' ? Array.from({ length: place.bytes / 16 }, (_, i) => place.offset / 16 + i) : []
  }
  for (const step of steps) {
    for (const value of step.inputs) for (const slot of slots(value)) equal(memory[slot], root(value))
    for (const value of step.outputs) if (places[value]!.kind === 'arena') for (const slot of slots(value)) memory[slot] = value
  }
  return bytes / Math.max(1, peak)
}

const s = suite('schedules of flows')
s.before(() => useTestBackend('cpu'))

for (const [name, [spec, dim]] of Object.entries(flows))
  s.test(`${name}: a training step`, () => {
    const { flow, params, x } = model(spec, dim, 64)
    const { init, step } = trainingStep(flow)
    // written out in primitives, so that there is much to fuse
    const program = optimize(inlineCustom(trace(step, params, init(params as Params), x).program, () => false))
    const steps = fuse(program)
    checkOrder(program, steps)
    const waste = checkMemory(program, steps)
    ok(waste <= 1.3, `the arena is ${waste} of the peak`)
    ok(steps.length < 0.65 * program.nodes.length, `${program.nodes.length} nodes in ${steps.length} steps`)
  })

s.run()
