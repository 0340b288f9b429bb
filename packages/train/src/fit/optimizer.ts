import { leaves } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { adam, adamw, chain, clipByGlobalNorm, cosineDecaySchedule, constantSchedule, identity, trainOnly } from '@diffeo/optim'
import type { GradientTransformation, Schedule } from '@diffeo/optim'
import type { Plan } from './plan.ts'

/** The learning rate as a function of the step. */
export const scheduleOf = (plan: Pick<Plan, 'schedule' | 'learningRate' | 'steps'>): Schedule =>
  plan.schedule === 'cosine'
    ? cosineDecaySchedule({ initValue: plan.learningRate, decaySteps: plan.steps })
    : constantSchedule(plan.learningRate)

/** Clipping, then Adam with a cosine schedule, on the leaves that are trained. */
export const optimizerFor = (
  { learningRate, steps, clipNorm }: Pick<Plan, 'learningRate' | 'steps' | 'clipNorm'>,
  trainable: Tree<boolean>,
): GradientTransformation => optimizerOf({ learningRate, steps, clipNorm, schedule: 'cosine', weightDecay: 0 }, trainable)

/** What of a plan an optimizer is made of. */
type Training = Pick<Plan, 'learningRate' | 'steps' | 'clipNorm' | 'schedule' | 'weightDecay'>

/** Clipping, then Adam (with decay AdamW) on the leaves that are trained. */
export const optimizerOf = (plan: Training, trainable: Tree<boolean>): GradientTransformation => {
  const schedule = scheduleOf(plan)
  const clipped = plan.clipNorm === null ? identity() : clipByGlobalNorm(plan.clipNorm)
  const adamStep = plan.weightDecay > 0 ? adamw(schedule, { weightDecay: plan.weightDecay }) : adam(schedule)
  const whole = chain(clipped, adamStep)
  return leaves(trainable).every(Boolean) ? whole : trainOnly(whole, trainable)
}
