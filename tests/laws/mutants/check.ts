/**
 * Checks the members that should see a planted error, in a process of its own: prints `@@mutant` and what caught it, nothing else where the laws hold.
 * `plant.mjs` has planted it.
 */
import { useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { bijectorLaws } from '../bijector-laws.ts'
import { distributionLaws } from '../distribution-laws.ts'
import { flowLaws } from '../flow-laws.ts'
import { checkLaw } from '../law.ts'
import type { Law, Named } from '../law.ts'
import { mapLaws, mapMembers } from '../map-laws.ts'
import { bijectorMembersOfFlows, deepFlowMembers, distributionMembers, distributionMembersOf, flowMembers } from '../members.ts'
import { networkLaws, networkMembers } from '../network-laws.ts'
import { circleFlowRows } from '../rows/circles.ts'
import { constrainedFlowRows } from '../rows/constrained.ts'
import { mapFlowRows } from '../rows/maps.ts'
import { moreDistributionRows } from '../rows/more-distributions.ts'
import { sphereFlowRows } from '../rows/spheres.ts'
import { sylvesterRecipeRows } from '../rows/sylvester-recipes.ts'
import { tableDistributionRows } from '../rows/tables.ts'
import { elementwiseMembers, transformerLaws } from '../transformer-laws.ts'
import { checkWidely } from '../wide.ts'
import { wideMembers } from '../wide-members.ts'
import type { Mutant } from './mutant.ts'

const { sees } = JSON.parse(process.env['DIFFEO_MUTANT']!) as Mutant
const isSeen = ({ name }: Named): boolean => sees.some(start => name.startsWith(start))

/** What says that a law does not hold, or undefined. */
type Check = readonly [name: string, () => string | undefined]

const widely = (draws: number): ReadonlyArray<Check> =>
  [...wideMembers, ...bijectorMembersOfFlows(sylvesterRecipeRows)]
    .filter(isSeen)
    .map(member => [
      `${member.name}: many draws`,
      () => checkWidely(member, { draws, rows: 50, factors: [1, 10], modes: ['compiled', 'eager'] }).failures[0],
    ])

const table = <M extends Named>(members: ReadonlyArray<M>, laws: ReadonlyArray<Law<M>>): ReadonlyArray<Check> =>
  members.filter(isSeen).flatMap(member =>
    laws
      .filter(law => law.concerns?.(member) ?? true)
      .map((law): Check => [
        `${member.name}: ${law.name}`,
        () => {
          checkLaw(law, member)
          return undefined
        },
      ]),
  )

const checks = (): ReadonlyArray<Check> => [
  ...table(mapMembers, mapLaws),
  ...table(elementwiseMembers, transformerLaws),
  ...table(networkMembers, networkLaws),
  ...table(wideMembers, bijectorLaws),
  ...table(
    [
      ...deepFlowMembers,
      ...distributionMembers,
      ...distributionMembersOf([
        ...circleFlowRows,
        ...constrainedFlowRows,
        ...mapFlowRows,
        ...moreDistributionRows,
        ...sphereFlowRows,
        ...tableDistributionRows,
      ]),
    ],
    distributionLaws,
  ),
  ...table(flowMembers, flowLaws),
  // what takes longest comes last
  ...widely(2),
]

const verdict = (check: Check[1]): string | undefined => {
  try {
    return check()
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

await useTestBackend('cpu')
useWasmCompiler()
const registered = checks()
if (registered.length === 0) throw new Error(`no member of the law tables is called ${sees.join(' or ')}`)
if (!(globalThis as { readonly planted?: boolean }).planted && process.env['DIFFEO_SOUND'] === undefined)
  throw new Error('the error was not planted')
const caught = ((): unknown => {
  for (const [name, check] of registered) {
    const said = verdict(check)
    if (said !== undefined) return { by: name, said: said.slice(0, 300) }
  }
  return { by: null, said: `${registered.length} checks` }
})()
console.log(`@@mutant ${JSON.stringify(caught)}`)
process.exit(0)
