/** A colour on white paper and on a dark screen. Data and samples are Okabe and Ito's blue and vermilion: safe for the colour-blind. */
interface Colour {
  readonly light: string
  readonly dark: string
}

const colours: { readonly [name: string]: Colour } = {
  data: { light: '#0072B2', dark: '#56B4E9' },
  samples: { light: '#D55E00', dark: '#FF9A4D' },
  quiet: { light: '#8a8f98', dark: '#7d838c' },
  band: { light: '#e3e6ea', dark: '#343a42' },
  grid: { light: '#d4d8dd', dark: '#3b4149' },
}

/** Colours by what they stand for, as CSS variables that the page sets. */
export const ink = {
  data: 'var(--data)',
  samples: 'var(--samples)',
  quiet: 'var(--quiet)',
  band: 'var(--band)',
  grid: 'var(--grid)',
} as const

/** The declarations of the variables, for a light or a dark page. */
export const declarations = (theme: keyof Colour): string =>
  Object.entries(colours)
    .map(([name, colour]) => `--${name}: ${colour[theme]};`)
    .join(' ')

/** Markup with the light colours instead of the variables: viewers of SVG files know no variables. */
export const lightValues = (markup: string): string =>
  markup.replace(/var\(--([a-z]+)\)/g, (whole, name: string) => colours[name]?.light ?? whole)
