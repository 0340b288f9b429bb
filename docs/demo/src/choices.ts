import { backends } from './backends.ts'
import { dataSets } from './data-sets.ts'
import { page } from './elements.ts'
import { flows } from './flows.ts'
import { coloursOf } from './plots/colours.ts'
import { drawPoints } from './plots/points.ts'
import { surfaceOf } from './plots/surface.ts'
import { ownFrame } from './state.ts'

/** A choice of its own: points that a person draws. */
export const drawn = 'draw'

const squiggle = Float64Array.from(Array.from({ length: 90 }, (_, i) => [(i - 45) / 20, 1.6 * Math.sin(i / 9)]).flat())

const thumbnails = [
  ...dataSets.map(({ id, title, points }) => ({ id, title, points: points(260) })),
  { id: drawn, title: 'Draw', points: squiggle },
]

/** Fills the page with what there is to choose; `onData` hears of the data set that is chosen. */
export const showChoices = (onData: (id: string) => void): void => {
  thumbnails.forEach(({ id, title }, i) => {
    const label = document.createElement('label')
    label.className = 'choice'
    const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'data', value: id, checked: i === 0 })
    input.addEventListener('change', () => onData(id))
    const canvas = document.createElement('canvas')
    canvas.setAttribute('aria-hidden', 'true')
    label.append(input, canvas, Object.assign(document.createElement('span'), { textContent: title }))
    page.dataSets.append(label)
  })
  const option = ({ id, title }: { readonly id: string; readonly title: string }): HTMLOptionElement => new Option(title, id)
  page.flow.replaceChildren(...flows.map(option))
  page.backend.replaceChildren(...backends.map(option))
  drawChoices()
}

/** Draws the data sets' small pictures, in the colours that hold now. */
export const drawChoices = (): void => {
  const { data } = coloursOf(document.documentElement)
  page.dataSets
    .querySelectorAll('canvas')
    .forEach((canvas, i) => drawPoints(surfaceOf(canvas), thumbnails[i]!.points, ownFrame, { colour: data, radius: 0.6, alpha: 0.9 }))
}
