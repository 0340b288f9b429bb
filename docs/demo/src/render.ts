import { normals } from './data-sets.ts'
import { page } from './elements.ts'
import type { Frame } from './picture.ts'
import { coloursOf } from './plots/colours.ts'
import type { Colours } from './plots/colours.ts'
import { drawDensity } from './plots/density.ts'
import { drawLattice, straightLattice } from './plots/lattice.ts'
import { drawLoss } from './plots/loss.ts'
import { drawPoints } from './plots/points.ts'
import { placing, surfaceOf } from './plots/surface.ts'
import type { State } from './state.ts'
import { inWords, lossInWords } from './words.ts'

const straight = straightLattice()
const normal = normals(3)
/** The base, and the part of the plane that it lies in. */
const bell = Float32Array.from({ length: 3000 }, normal)
const baseFrame: Frame = { x: 0, y: 0, half: 3.2 }

/** What the data's canvas shows: it is drawn anew only when this changes. */
let shown = ''

const renderData = (state: State, brush: readonly [number, number] | undefined, colours: Colours): void => {
  const { points, picture, frame } = state
  const isOver = picture !== undefined && page.showDensity.checked
  const now = JSON.stringify([
    page.hero.clientWidth,
    devicePixelRatio,
    state.about,
    page.showData.checked,
    isOver,
    brush,
    frame,
    colours.data,
  ])
  if (now === shown) return
  shown = now
  const hero = surfaceOf(page.hero)
  if (page.showData.checked)
    drawPoints(hero, points, frame, { colour: colours.data, radius: hero.side < 400 ? 1.2 : 1.6, alpha: isOver ? 0.5 : 0.75 })
  if (brush !== undefined) drawBrush(hero, state, brush, colours.data)
}

/** Draws the state. */
export const render = (state: State, brush: readonly [number, number] | undefined): void => {
  const colours = coloursOf(document.documentElement)
  const { picture, frame, history, gaussian, steps } = state
  page.density.hidden = picture === undefined || !page.showDensity.checked
  if (picture !== undefined && page.showDensity.checked) drawDensity(page.density, picture, colours)
  renderData(state, brush, colours)

  const samples = surfaceOf(page.samples)
  drawPoints(samples, picture?.samples ?? bell, picture === undefined ? baseFrame : frame, {
    colour: colours.sample,
    radius: samples.side < 200 ? 0.8 : 1.1,
    alpha: 0.7,
  })

  drawLattice(surfaceOf(page.lattice), picture?.lattice ?? straight, picture === undefined ? baseFrame : frame, colours)

  drawLoss(page.loss, { points: history, steps, gaussian })
  page.lossWords.textContent = lossInWords(history, gaussian)
  page.words.textContent = inWords(state)
  page.progress.value = steps === 0 ? 0 : state.step / steps
}

const drawBrush = (
  { context, side }: ReturnType<typeof surfaceOf>,
  { frame }: State,
  brush: readonly [number, number],
  colour: string,
): void => {
  const [x, y] = placing(frame, side)(...brush)
  context.strokeStyle = colour
  context.lineWidth = 2
  context.beginPath()
  context.arc(x, y, 10, 0, 2 * Math.PI)
  context.moveTo(x - 15, y)
  context.lineTo(x + 15, y)
  context.moveTo(x, y - 15)
  context.lineTo(x, y + 15)
  context.stroke()
}
