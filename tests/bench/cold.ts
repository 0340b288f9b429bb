/** W8: a fresh process imports, builds W1, runs 200 steps and ends. `node cold.js <contestant>` */
import { contestants, type ContestantName } from './contestants/index.ts'
import { coldSteps, workOf } from './workloads.ts'

const task = await (await contestants[process.argv[2] as ContestantName]())(workOf('W1'))
if (task === undefined) throw new Error(`cold: expected a contestant that has W1, got ${process.argv[2]}`)
for (let step = 0; step < coldSteps; step++) await task.run()
const { value } = task.facts()
if (!Number.isFinite(value)) throw new Error(`cold: expected a finite loss, got ${value}`)
