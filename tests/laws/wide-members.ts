import { bijectorMembersOf, distributionMembersOf, representativeFlowMembers, representativeRecipeBijectorMembers } from './members.ts'
import type { BijectorMember, DistributionMember } from './members.ts'
import { circleFlowRows, circleRows } from './rows/circles.ts'
import { classMembers } from './rows/classes.ts'
import { constrainedFlowRows, constrainedRows } from './rows/constrained.ts'
import { couplingRows } from './rows/couplings.ts'
import { linearRows } from './rows/linear.ts'
import { distributionRows } from './rows/distributions.ts'
import { mapFlowRows, mapRows } from './rows/maps.ts'
import { moreDistributionRows } from './rows/more-distributions.ts'
import { numericalMembers } from './rows/numerical.ts'
import { one } from './rows/row.ts'
import type { Row } from './rows/row.ts'
import { sphereFlowRows, sphereRows } from './rows/spheres.ts'
import { structureRows } from './rows/structures.ts'
import { sylvesterRows } from './rows/sylvester.ts'
import { tableBijectorRows, tableDistributionRows } from './rows/tables.ts'
import { univariateRows } from './rows/univariate.ts'
import { wrapperRows } from './rows/wrappers.ts'

/** One size of each row: three dimensions and a context, where it takes them. */
const once = <S>(row: Row<S>): Row<S> => {
  const dims = row.dims ?? one
  const event = dims.find(shape => shape.join() === '3') ?? dims.at(-1)!
  const contexts = row.contexts ?? [[2]]
  return { ...row, dims: [event], contexts: [contexts.at(-1)] }
}

/** Every bijector of the tables, once. */
export const wideMembers: ReadonlyArray<BijectorMember> = [
  ...bijectorMembersOf(
    [
      ...structureRows,
      ...circleRows,
      ...constrainedRows,
      ...couplingRows,
      ...linearRows,
      ...mapRows,
      ...sylvesterRows,
      ...tableBijectorRows,
      ...univariateRows,
      ...wrapperRows,
    ].map(row => once(row)),
  ),
  // the largest: on the sphere of three dimensions the cylinder keeps volumes
  ...bijectorMembersOf(sphereRows.map(row => ({ ...row, dims: row.dims?.slice(-1) ?? one }))),
  ...classMembers,
  ...numericalMembers,
  ...representativeRecipeBijectorMembers,
]

/** Every distribution of the tables, once, and one of each recipe. */
export const wideDistributionMembers: ReadonlyArray<DistributionMember> = [
  ...distributionMembersOf(
    [
      ...distributionRows,
      ...circleFlowRows,
      ...constrainedFlowRows,
      ...mapFlowRows,
      ...moreDistributionRows,
      ...sphereFlowRows,
      ...tableDistributionRows,
    ].map(row => once(row)),
  ),
  ...representativeFlowMembers,
]
