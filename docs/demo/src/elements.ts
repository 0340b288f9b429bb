const find = <E extends Element>(id: string, kind: new () => E): E => {
  const element = document.getElementById(id)
  if (element instanceof kind) return element
  throw new Error(`the page has no ${kind.name} #${id}`)
}

/** The parts of the page. */
export const page = {
  form: find('controls', HTMLFormElement),
  dataSets: find('data-sets', HTMLFieldSetElement),
  flow: find('flow', HTMLSelectElement),
  aboutFlow: find('about-flow', HTMLParagraphElement),
  backend: find('backend', HTMLSelectElement),
  train: find('train', HTMLButtonElement),
  progress: find('progress', HTMLProgressElement),
  status: find('status', HTMLParagraphElement),
  save: find('save', HTMLButtonElement),
  load: find('load', HTMLInputElement),
  density: find('density', HTMLCanvasElement),
  hero: find('hero', HTMLCanvasElement),
  hint: find('hint', HTMLParagraphElement),
  clear: find('clear', HTMLButtonElement),
  showDensity: find('show-density', HTMLInputElement),
  showData: find('show-data', HTMLInputElement),
  samples: find('samples', HTMLCanvasElement),
  lattice: find('lattice', HTMLCanvasElement),
  loss: find('loss', SVGSVGElement),
  lossWords: find('loss-words', HTMLParagraphElement),
  words: find('words', HTMLParagraphElement),
  spec: find('spec', HTMLPreElement),
} as const
