import type { DataSet } from '../dataset.ts'
import { bsds300 } from './bsds300.ts'
import { circularData } from './circular.ts'
import { earthData } from './earth.ts'
import { parkinsons } from './parkinsons.ts'
import { power } from './power.ts'
import { redWine, whiteWine } from './wine.ts'

/** Every data set, in the order of the page. */
export const dataSets: ReadonlyArray<DataSet> = [redWine, whiteWine, parkinsons, power, bsds300, ...earthData, ...circularData]
