import type { TestScore } from '@diffeo/train'
import { paragraph, section, table, type Cell } from './element.ts'
import { count, estimate, withError } from './format.ts'
import { baselineName } from './summary.ts'

/** The held-out log-likelihoods of flow and baselines, best first. */
export const scoresSection = (test: TestScore | null): string => {
  if (test === null) return ''
  const flow = { nats: test.nats, se: test.se, row: ['flow', ...numbers(test), { number: '' }] as ReadonlyArray<Cell> }
  const others = test.baselines.map(({ name, detail, nats, se, lead }) => ({
    nats,
    se,
    row: [
      { text: baselineName(name), remark: detail },
      ...numbers({ nats, se }),
      { number: withError(lead.nats, lead.se) },
    ] as ReadonlyArray<Cell>,
  }))
  const ranked = [flow, ...others].sort((a, b) => b.nats - a.nats)
  return section(
    'Held-out log-likelihood',
    table(
      ['model', { number: 'nats per row' }, { number: 'standard error' }, { number: 'lead of the flow' }],
      ranked.map(({ row }) => row),
      ranked.indexOf(flow),
    ),
    paragraph(
      `Mean log-density of ${count(test.rows)} held-out rows in the units of the table; higher is better. The lead is the mean difference row by row, with its paired standard error: believe it where it is more than twice that.`,
      'soft',
    ),
  )
}

const numbers = ({ nats, se }: { readonly nats: number; readonly se: number }): ReadonlyArray<Cell> => [
  { number: estimate(nats, se) },
  { number: estimate(se, se) },
]
