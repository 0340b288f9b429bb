import type { BijectorSpec } from '@diffeo/core'
import { bijectorMembersOf, representativeRecipeBijectorMembers } from './members.ts'
import type { BijectorMember } from './members.ts'
import { circleRows } from './rows/circles.ts'
import { couplingRows } from './rows/couplings.ts'
import { linearRows } from './rows/linear.ts'
import { mapRows } from './rows/maps.ts'
import { numericalMembers } from './rows/numerical.ts'
import { one } from './rows/row.ts'
import type { Row } from './rows/row.ts'
import { structureRows } from './rows/structures.ts'
import { sylvesterRows } from './rows/sylvester.ts'
import { tableBijectorRows } from './rows/tables.ts'
import { univariateRows } from './rows/univariate.ts'
import { wrapperRows } from './rows/wrappers.ts'

/** One size of each row: three dimensions and a context, where it takes them. */
const once = (row: Row<BijectorSpec>): Row<BijectorSpec> => {
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
      ...couplingRows,
      ...linearRows,
      ...mapRows,
      ...sylvesterRows,
      ...tableBijectorRows,
      ...univariateRows,
      ...wrapperRows,
    ].map(once),
  ),
  ...numericalMembers,
  ...representativeRecipeBijectorMembers,
]
