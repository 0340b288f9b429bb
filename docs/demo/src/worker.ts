/* The worker of the page: trains, and computes what the page draws. */
import { destandardize, jit, logScale, normalArray, key, serveWorker, standardizer, tidy, useBackend } from 'diffeo'
import type { BackendName, Flow, FlowParams, Model } from 'diffeo'
import { tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { middles, overlap, peak, shadesOf } from './density-grid.ts'
import type { Picture, PictureRequest } from './picture.ts'
import { straightLattice } from './plots/lattice.ts'

/** The density at some points, and the images of points of the base. */
type Evaluate = (params: FlowParams, x: Tensor, z: Tensor) => { readonly logProb: Tensor; readonly moved: Tensor }

const compiled = new WeakMap<Flow, Evaluate>()

/** A flow's functions: compiled once, or run op by op. */
const evaluateOf = ({ flow }: Model, isCompiled: boolean): Evaluate => {
  const known = compiled.get(flow)
  if (known !== undefined) return known
  const evaluate: Evaluate = (params, x, z) => ({ logProb: flow.logProb(params, x), moved: flow.toData(params, z) })
  const run: Evaluate = isCompiled ? jit(evaluate) : (params, x, z) => tidy(() => evaluate(params, x, z))
  compiled.set(flow, run)
  return run
}

const lines = straightLattice()

const pictureOf = (model: Model, { frame, cells, samples, points, jit: isCompiled }: PictureRequest): Picture => {
  const { flow, params, schema } = model
  if (flow.space.shape[0] !== 2 || schema.given.length > 0)
    throw new Error(
      `this page draws models of two columns, and this one has ${schema.columns.length}${schema.given.length > 0 ? ', given others' : ''}`,
    )
  const { event } = standardizer(schema)(middles(frame, cells))
  const base = new Float32Array(lines.length + 2 * samples)
  base.set(lines)
  base.set(normalArray(key(0), 2 * samples), lines.length)
  const [x, z] = [tensor2d(event, [cells * cells, 2]), tensor2d(base, [base.length / 2, 2])]
  const { logProb, moved } = evaluateOf(model, isCompiled)(params, x, z)
  const inUnits = Float32Array.from(destandardize(schema, moved.dataSync<'float32'>()))
  const constant = logScale(schema)
  const logDensity = logProb.dataSync<'float32'>().map(value => value + constant)
  ;[x, z, logProb, moved].forEach(tensor => tensor.dispose())
  const grid = { frame, cells, logDensity }
  return {
    frame,
    cells,
    shades: shadesOf(grid),
    peak: peak(grid),
    overlap: points.length === 0 ? undefined : overlap(grid, points),
    samples: inUnits.slice(lines.length),
    lattice: inUnits.slice(0, lines.length),
  }
}

/** The graphics card's backends are large, and are loaded for those who ask for them. */
const start = async (backend: string | undefined): Promise<void> => {
  if (backend === 'webgl') await import('@tensorflow/tfjs-backend-webgl')
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu')
  await useBackend(backend as BackendName) // one of the page's list
}

serveWorker({ start, view: (model, request) => pictureOf(model, request as PictureRequest) })
