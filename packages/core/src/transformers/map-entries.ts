import type { TransformerEntry } from '../registry.ts'
import { circularShiftEntry } from './circular-shift.ts'
import { circularSplineEntry } from './circular-spline.ts'
import { moebiusEntry } from './moebius.ts'
import { cauchyCdfEntry } from './cauchy-cdf.ts'
import { eachEntry } from './each.ts'
import { expEntry } from './exp.ts'
import { expm1Entry } from './expm1.ts'
import { gumbelCdfEntry } from './gumbel-cdf.ts'
import { identityEntry } from './identity.ts'
import { inverseOfEntry } from './inverse-of.ts'
import { leakyReluEntry } from './leaky-relu.ts'
import { leakyTanhEntry } from './leaky-tanh.ts'
import { logTanhEntry } from './log-tanh.ts'
import { normalCdfEntry } from './normal-cdf.ts'
import { powerEntry, signedPowerEntry } from './power.ts'
import { sigmoidEntry } from './sigmoid.ts'
import { sinhEntry } from './sinh.ts'
import { sinhArcsinhEntry } from './sinh-arcsinh.ts'
import { softplusEntry } from './softplus.ts'
import { tanhEntry } from './tanh.ts'

/** The maps without parameters, the sinh-arcsinh transform, the maps of the circle, and the transformers made of others. */
export const mapEntries: ReadonlyArray<TransformerEntry> = [
  cauchyCdfEntry,
  circularShiftEntry,
  circularSplineEntry,
  eachEntry,
  expEntry,
  expm1Entry,
  gumbelCdfEntry,
  identityEntry,
  inverseOfEntry,
  leakyReluEntry,
  leakyTanhEntry,
  logTanhEntry,
  moebiusEntry,
  normalCdfEntry,
  powerEntry,
  sigmoidEntry,
  signedPowerEntry,
  sinhEntry,
  sinhArcsinhEntry,
  softplusEntry,
  tanhEntry,
]
