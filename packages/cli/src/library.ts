import { fitTable, loadModel, readTable } from '@diffeo/train'
import type { Data, FitOptions, FitResult, LoadOptions, Model, Source } from '@diffeo/train'

/** The library's functions that the commands call: tests put their own in their place. */
export interface Library {
  readTable(path: string): Promise<Source>
  fitTable(data: Data, options: FitOptions): Promise<FitResult>
  loadModel(path: string, options: LoadOptions): Promise<Model>
}

/** The library itself. */
export const diffeo: Library = {
  readTable: path => readTable(path),
  fitTable,
  loadModel,
}
