import { load, save, startWorker, switchBackend, train } from './actions.ts'
import type { Told } from './actions.ts'
import { backends } from './backends.ts'
import { drawChoices, drawn, showChoices } from './choices.ts'
import { dataSets } from './data-sets.ts'
import { drawingOn } from './drawing.ts'
import { page } from './elements.ts'
import { flows } from './flows.ts'
import { render } from './render.ts'
import { ownFrame } from './state.ts'
import type { State } from './state.ts'
import { gaussianLoss, pointsInWords } from './words.ts'

const [rowsOfSet, mostDrawn, fewestDrawn] = [2000, 6000, 60]

const state: State = {
  title: '',
  points: new Float64Array(0),
  about: '',
  isDrawing: false,
  frame: ownFrame,
  flow: flows[0]!,
  backend: backends[0]!,
  worker: startWorker(backends[0]!),
  model: undefined,
  picture: undefined,
  history: [],
  gaussian: undefined,
  stop: undefined,
  step: 0,
  steps: 0,
}

let spokenAt = 0
/** A line that is read out: at most every three seconds where it can wait. */
const say: Told['say'] = (text, how) => {
  if (how === 'later' && performance.now() - spokenAt < 3000) return
  spokenAt = performance.now()
  page.status.classList.toggle('bad', how === 'bad')
  page.status.textContent = text
}

/** Milliseconds between two renderings while it trains. */
const pace = 80

let renderedAt = 0
let isDue = false
const changed = (): void => {
  if (isDue) return
  isDue = true
  setTimeout(
    () =>
      requestAnimationFrame(() => {
        isDue = false
        renderedAt = performance.now()
        page.train.textContent = state.stop === undefined ? 'Train' : 'Stop'
        page.save.disabled = state.model === undefined
        page.hint.hidden = !state.isDrawing || state.points.length > 0
        page.clear.hidden = !state.isDrawing
        render(state, drawing.brush())
      }),
    state.stop === undefined ? 0 : Math.max(0, renderedAt + pace - performance.now()),
  )
}
const told: Told = { say, changed }

const forget = (): void => {
  state.stop?.abort()
  void state.model?.dispose().catch(() => undefined)
  Object.assign(state, { model: undefined, picture: undefined, history: [], step: 0, steps: 0, frame: ownFrame })
}

const setPoints = (points: Float64Array): void => {
  Object.assign(state, { points, about: pointsInWords(state.title, points), gaussian: gaussianLoss(points) })
  changed()
}

const choose = (id: string): void => {
  forget()
  state.isDrawing = id === drawn
  const found = dataSets.find(set => set.id === id)
  state.title = found?.title ?? 'Your drawing'
  drawing.enable(state.isDrawing)
  setPoints(found === undefined ? new Float64Array(0) : found.points(rowsOfSet))
  say(found === undefined ? 'Draw points on the large square, then press Train.' : '')
}

const drawing = drawingOn(
  page.hero,
  () => state.frame,
  points => {
    if (state.stop !== undefined) return
    if (state.model !== undefined) forget()
    setPoints(Float64Array.of(...state.points, ...points).slice(-2 * mostDrawn))
  },
  changed,
)

const chooseFlow = (): void => {
  state.flow = flows.find(({ id }) => id === page.flow.value)!
  page.aboutFlow.textContent = state.flow.about
  page.spec.textContent = JSON.stringify(state.flow.spec, null, 2)
}

showChoices(choose)
chooseFlow()
choose(dataSets[0]!.id)
state.worker.then(
  () => say('Ready.'),
  (thrown: unknown) => say(String(thrown), 'bad'),
)

page.flow.addEventListener('change', chooseFlow)
page.form.addEventListener('submit', event => {
  event.preventDefault()
  if (state.stop !== undefined) state.stop.abort()
  else if (state.points.length < 2 * fewestDrawn) say(`Draw some more: ${fewestDrawn} points at least.`, 'bad')
  else {
    // on a small screen the plots are below: they come into sight, and the button stays there
    if (page.hero.getBoundingClientRect().bottom > innerHeight) page.train.scrollIntoView()
    void train(state, told)
  }
})
page.backend.addEventListener('change', async () => {
  const choice = backends.find(({ id }) => id === page.backend.value)!
  state.stop?.abort()
  page.backend.disabled = page.train.disabled = true
  while (state.stop !== undefined) await new Promise(resolve => setTimeout(resolve, 20))
  if (!(await switchBackend(state, choice, told))) page.backend.value = state.backend.id
  page.backend.disabled = page.train.disabled = false
})
page.save.addEventListener('click', () => void save(state, told))
page.load.addEventListener('change', () => {
  const [file] = page.load.files ?? []
  state.stop?.abort()
  if (file !== undefined) void load(state, file, told)
  page.load.value = ''
})
page.clear.addEventListener('click', () => {
  forget()
  setPoints(new Float64Array(0))
})
;[page.showData, page.showDensity].forEach(box => box.addEventListener('change', changed))
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  drawChoices()
  changed()
})
new ResizeObserver(changed).observe(page.hero)
new ResizeObserver(changed).observe(page.loss)
