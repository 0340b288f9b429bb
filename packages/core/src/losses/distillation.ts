import { mean, tidy } from '../tensor.ts'
import { sub } from '@tensorflow/tfjs-core'
import type { Params } from '../contracts.ts'
import type { Flow, FlowParams } from '../flows/flow.ts'
import type { Bound } from './divergences.ts'
import type { Loss } from './losses.ts'

/**
 * Probability density distillation (van den Oord et al. 2018, eq. 5): the Kullback-Leibler divergence of a student from a teacher,
 *
 *   KL(student || teacher) = H(student, teacher) - H(student) = E_student[log student(x) - log teacher(x)],
 *
 * over samples drawn through the student. The student must sample and score its own samples cheaply, as `iaf` does, the teacher score, as `maf` does; gradients go
 * through the teacher's log-density to the samples, and not to its parameters. The rows of the batch are not used; its context goes to both.
 *
 * @param samples number of draws for each step; with a context of more rows than one, its number of rows
 * @see https://arxiv.org/abs/1711.10433
 */
export const distillation =
  <P extends Params>(
    { distribution, params: fixed }: Pick<Bound<P>, 'distribution' | 'params'>,
    student: Flow,
    { samples = 256 }: { readonly samples?: number } = {},
  ): Loss<FlowParams> =>
  (params, { context }, key) =>
    tidy(() => {
      const { x, logProb } = student.sampleAndLogProb(params, key, samples, student.contextShape === undefined ? undefined : context)
      const given = distribution.contextShape === undefined ? undefined : context
      return mean(sub(logProb, distribution.logProb(fixed, x, given)))
    })
