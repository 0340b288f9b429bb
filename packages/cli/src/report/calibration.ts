import type { Evaluation, FitRecord, RankHistogram } from '@diffeo/train'
import { coveragePlot } from './coverage.ts'
import { figure, paragraph, section, type Picture } from './element.ts'
import { count, percent, pValue, short } from './format.ts'
import { uniformPlot, type UniformColumn } from './uniform.ts'

/** The pictures of the calibration: of what was evaluated. */
export const calibrationPictures = ({ pit, coverage, sbc, tarp }: Evaluation): ReadonlyArray<Picture> =>
  [
    pit.length > 0 && { name: 'pit', title: 'Probability integral transform of each latent coordinate', svg: uniformPlot(pit) },
    coverage && { name: 'coverage', title: 'Coverage of highest-density regions', svg: coveragePlot(coverage) },
    sbc && { name: 'sbc', title: 'Ranks of held-out values among draws', svg: uniformPlot(sbc.map(ranksAsShares)) },
    tarp && { name: 'tarp', title: 'Coverage of random regions', svg: coveragePlot(tarp, 'credibility of the region') },
  ].filter(picture => picture !== undefined && picture !== false)

/** Ranks 0 .. draws as the middles of as many intervals of [0, 1]. */
const ranksAsShares = ({ column, ranks, draws, p }: RankHistogram): UniformColumn => ({
  column,
  values: Float64Array.from(ranks, rank => (rank + 0.5) / (draws + 1)),
  p,
})

/** Whether the model is right about its own uncertainty, in pictures and in words that say what good looks like. */
export const calibrationSection = (evaluation: Evaluation | undefined, record: FitRecord, pictures: ReadonlyArray<Picture>): string => {
  if (evaluation === undefined) return ''
  const { coverage, c2st, energy, tarp } = evaluation
  const shown = (name: string, caption: string, wide: boolean): string => {
    const picture = pictures.find(p => p.name === name)
    return picture === undefined ? '' : figure(picture, caption, wide)
  }
  const pit = shown(
    'pit',
    'Each latent coordinate of the held-out rows, through the normal distribution function: flat, within the grey band, where the model is right. A hump means a density too wide, a trough one too narrow, a slope one that is shifted. p-values are of Kolmogorov and Smirnov.',
    true,
  )
  const covered =
    coverage === undefined
      ? ''
      : shown(
          'coverage',
          `Share of held-out rows in the model's highest-density regions: on the diagonal where it is right, below it where it is too sure, above it where it is too vague (${pValue(coverage.p)}).`,
          false,
        )
  const conditional = [
    shown(
      'sbc',
      'Given the conditioning columns of each held-out row, its rank among draws of the model (simulation-based calibration), read like the histograms above. A model that ignores what it is given passes this test.',
      true,
    ),
    tarp === undefined
      ? ''
      : shown(
          'tarp',
          `Share of held-out rows in random regions given their conditioning columns (TARP): on the diagonal where the model is right (${pValue(tarp.p)}). It sees a model that ignores what it is given.`,
          false,
        ),
  ].filter(part => part !== '')
  const words = [c2st === undefined ? '' : c2stWords(c2st), energy === undefined ? '' : energyWords(energy)].filter(text => text !== '')
  if ([pit, covered, ...conditional, ...words].join('') === '') return ''
  return section(
    'Calibration',
    paragraph(
      `Where the model claims a probability, do the held-out rows agree? With ${count(record.rows.test)} of them even a small misfit gives a small p-value: look at how large it is before minding it.`,
    ),
    pit,
    '<div class="pair">',
    covered === '' ? '' : `<div>${covered}</div>`,
    words.length === 0 ? '' : `<div>\n<h3>Rows against samples</h3>\n${words.map(text => paragraph(text)).join('\n')}\n</div>`,
    '</div>',
    ...(conditional.length === 0 ? [] : ['<h3>Given the conditioning columns</h3>', ...conditional]),
  )
}

const c2stWords = ({ accuracy, se }: NonNullable<Evaluation['c2st']>): string => {
  const verdict =
    accuracy <= 0.5 + 2 * se
      ? 'cannot tell them apart'
      : accuracy < 0.6
        ? 'finds small differences'
        : accuracy < 0.75
          ? 'finds clear differences'
          : 'tells most of them apart'
  return `A classifier trained to tell held-out rows from samples is right in ${percent(accuracy, 1)} of cases (± ${percent(se, 1)}). 50 % is what a perfect model leaves it; 100 % means that every sample is found out. Here it ${verdict}.`
}

const energyWords = ({ statistic, p }: NonNullable<Evaluation['energy']>): string =>
  `The energy distance between rows and samples is ${short(statistic, 3)} (${pValue(p)}). It is near 0 for a perfect model; a p-value below 0.01 says that the difference is more than chance. Here it is ${p < 0.01 ? 'more' : 'not'}.`
