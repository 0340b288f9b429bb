import type { Emitter } from './custom.ts'
import { sizeOf } from './custom.ts'
import { splineKernel, splineVjpKernel } from './spline.ts'
import type { Direction } from './spline.ts'
import type { SplineStructure } from './spline-knots.ts'

const maps: ReadonlyArray<unknown> = ['softclip', 'softmax', 'distrax']
/** More bins are more code than a kernel is worth. */
const mostBins = 32

/** The attributes of a rational-quadratic spline, where there are kernels for it. */
export const splineOf = (attrs: unknown): SplineStructure | undefined => {
  const { bins, bound, knots } = attrs as Partial<SplineStructure>
  if (typeof bins !== 'number' || typeof bound !== 'number' || !maps.includes(knots)) return undefined
  return Number.isInteger(bins) && bins >= 1 && bins <= mostBins ? { bins, bound, knots: knots as SplineStructure['knots'] } : undefined
}

/** The spline, where theta has one row of 3K - 1 numbers for each x. */
const fitting = (attrs: unknown, theta: ReadonlyArray<number>, x: ReadonlyArray<number>): SplineStructure | undefined => {
  const spline = splineOf(attrs)
  return spline !== undefined && theta.join() === [...x, 3 * spline.bins - 1].join() ? spline : undefined
}

/** Emitter of (theta, x) to (value, logDeriv). */
export const splineEmitter =
  (direction: Direction): Emitter =>
  (ar, { attrs, inputs }) => {
    const [theta, x] = inputs
    const spline = fitting(attrs, theta!.shape, x!.shape)
    return (
      spline && {
        kernel: splineKernel(ar, spline, direction),
        scratch: 0,
        arguments: at => [...at.inputs, ...at.outputs, sizeOf(x!.shape)],
      }
    )
  }

/** Emitter of (theta, x, gValue, gLogDeriv) to (gTheta, gX). */
export const splineVjpEmitter =
  (direction: Direction): Emitter =>
  (ar, { attrs, inputs }) => {
    const [theta, x, gValue, gLogDeriv] = inputs
    const spline = fitting(attrs, theta!.shape, x!.shape)
    if (spline === undefined || ![gValue, gLogDeriv].every(g => g!.shape.join() === x!.shape.join())) return undefined
    return {
      kernel: splineVjpKernel(ar, spline, direction),
      scratch: 0,
      arguments: at => [...at.inputs, ...at.outputs, sizeOf(x!.shape)],
    }
  }
