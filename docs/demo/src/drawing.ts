import { normals } from './data-sets.ts'
import type { Frame } from './picture.ts'

/** Drawing on a canvas, by pointer or by keys. */
export interface Drawing {
  /** Switches it on or off. */
  readonly enable: (on: boolean) => void
  /** Where the brush of the keyboard is, while the canvas has the focus. */
  readonly brush: () => readonly [number, number] | undefined
}

/** Points of one dab, and how far they scatter, in parts of the frame. */
const dab = { points: 10, spread: 0.025 }
/** How far a key moves the brush, in parts of the frame. */
const stride = 0.06

/** Lets people drop points; `onPoints` gets those of each dab, `onChange` hears that the brush moved. */
export const drawingOn = (
  canvas: HTMLCanvasElement,
  frame: () => Frame,
  onPoints: (points: ReadonlyArray<number>) => void,
  onChange: () => void,
): Drawing => {
  const normal = normals(5)
  const state: { on: boolean; brush: [number, number] } = { on: false, brush: [0, 0] }
  const drop = (x: number, y: number): void => {
    const spread = dab.spread * frame().half
    onPoints(Array.from({ length: dab.points }, () => [x + spread * normal(), y + spread * normal()]).flat())
  }
  const dropAt = (event: PointerEvent): void => {
    const { left, top, width } = canvas.getBoundingClientRect()
    const { x, y, half } = frame()
    drop(x - half + ((event.clientX - left) / width) * 2 * half, y + half - ((event.clientY - top) / width) * 2 * half)
  }
  canvas.addEventListener('pointerdown', event => {
    if (!state.on || event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    dropAt(event)
  })
  canvas.addEventListener('pointermove', event => {
    if (state.on && canvas.hasPointerCapture(event.pointerId)) dropAt(event)
  })
  canvas.addEventListener('keydown', event => {
    if (!state.on) return
    const [right, up] = moves[event.key] ?? [0, 0]
    if (event.key === ' ' || event.key === 'Enter') drop(...state.brush)
    else if (right === 0 && up === 0) return
    event.preventDefault()
    const { x, y, half } = frame()
    const within = (value: number, centre: number): number => Math.max(centre - half, Math.min(centre + half, value))
    state.brush = [within(state.brush[0] + right * stride * half, x), within(state.brush[1] + up * stride * half, y)]
    onChange()
  })
  canvas.addEventListener('focus', onChange)
  canvas.addEventListener('blur', onChange)
  return {
    enable: on => {
      state.on = on
      canvas.classList.toggle('drawing', on)
      // an application takes the arrow keys from a screen reader
      canvas.setAttribute('role', on ? 'application' : 'img')
      if (on) {
        canvas.tabIndex = 0
        canvas.setAttribute('aria-roledescription', 'drawing area')
        canvas.setAttribute('aria-describedby', 'hint words')
      } else {
        canvas.removeAttribute('tabindex')
        canvas.removeAttribute('aria-roledescription')
        canvas.setAttribute('aria-describedby', 'words')
      }
    },
    brush: () => (state.on && document.activeElement === canvas ? state.brush : undefined),
  }
}

const moves: { readonly [key: string]: readonly [number, number] } = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
}
