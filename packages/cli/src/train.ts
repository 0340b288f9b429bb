// until the package's index exports them
export type { CheckpointOptions, FitOptions, FitStart, Phase, StepProgress } from '../../train/src/fit/options.ts'
export type {
  BaselineScore,
  CalibrationScore,
  Epoch,
  FitRecord,
  Nats,
  RowCounts,
  Stopped,
  TestScore,
} from '../../train/src/model/record.ts'
export type { Data, Given, Model, SampleOptions } from '../../train/src/model/contract.ts'
export type { Matrix } from '../../train/src/matrix.ts'
export { columnOf, joinColumns, matrix, rowOf, selectRows } from '../../train/src/matrix.ts'
export type { Source, Chunk, Field } from '../../train/src/data/source.ts'
export { collect, select } from '../../train/src/data/source.ts'
export { tableFrom } from '../../train/src/data/table-from.ts'
export type { ColumnSchema, Schema } from '../../train/src/data/schema.ts'
export { schemaColumns } from '../../train/src/data/schema.ts'
export { DataError } from '../../train/src/data/error.ts'
export { readTable } from '../../train/src/data/read-table.ts'
export type { CoverageResult, Evaluation, PitCurve } from '../../train/src/fit/evaluate.ts'
export { fitTable } from '../../train/src/fit/fit.ts'
export type { FitResult, HeldOut } from '../../train/src/fit/fit.ts'
export { loadModel, ModelFileError } from '../../train/src/model/load.ts'
