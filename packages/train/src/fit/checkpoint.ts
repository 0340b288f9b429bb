import { decode, decodeSafetensors, failure, parseJson, report, treeFromFile, treeToBytes, toTensors } from '@diffeo/codec'
import type { DecodeErrors, SafetensorsFile, Template } from '@diffeo/codec'
import type { FlowParams } from '@diffeo/core'
import { folderAt } from '#files'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import type { Folder } from '../files/folder.ts'
import { executionCodec } from '../execution/execution.ts'
import type { Execution } from '../execution/execution.ts'
import { progressCodec } from './progress.ts'
import type { Progress } from './progress.ts'
import type { TrainState } from './step.ts'

/** Everything that training needs to go on as if it had never stopped. */
export interface Checkpoint {
  readonly state: TrainState
  readonly best: FlowParams
  readonly progress: Progress
  readonly execution: Execution
}

/** What must be the same for a run to be the same run: plan, spec, data, library. Texts by name, compared one by one. */
export type Identity = { readonly [part: string]: string }

/** A folder of checkpoints, oldest first removed. */
export interface CheckpointFolder {
  save(checkpoint: Checkpoint): Promise<void>
  /** The newest that is whole; broken ones are passed over and told to `warn`. Undefined when there is none. */
  load(like: Template, warn: (message: string) => void): Promise<Checkpoint | undefined>
}

const metadataKey = 'diffeo.checkpoint'
const nameOf = (step: number): string => `step-${String(step).padStart(9, '0')}.safetensors`
const pattern = /^step-\d{9}\.safetensors$/

interface FolderOptions {
  /** Of the run: a checkpoint of another is refused, naming the part that differs. */
  readonly identity: Identity
  /** How many checkpoints stay. */
  readonly keep: number
  /** Take one of another version of the library. */
  readonly allowDifferentBits: boolean
}

/** The checkpoints of a run, in a folder; in a page it stands in the private file system of its origin. */
export const checkpointFolder = (path: string, { identity, keep, allowDifferentBits }: FolderOptions): CheckpointFolder => {
  const folder = folderAt(path)
  return {
    save: async checkpoint => {
      await folder.write(nameOf(checkpoint.progress.step), encodeCheckpoint(checkpoint, identity))
      const names = await checkpointsIn(folder)
      // only once the new one is durable
      await Promise.all(names.slice(0, Math.max(0, names.length - keep)).map(name => folder.remove(name)))
    },
    load: async (like, warn) => {
      await folder.tidy()
      for (const name of [...(await checkpointsIn(folder))].reverse()) {
        const file = folder.pathOf(name)
        const decoded = decodeCheckpoint(await folder.read(name))
        if (E.isRight(decoded)) {
          refuseOther(decoded.right.identity, identity, file, allowDifferentBits)
          return checkpointLike(decoded.right, like, file)
        }
        warn(`${file} is passed over: ${report(decoded.left)}`)
      }
      return undefined
    },
  }
}

/** Whether a folder holds a checkpoint. */
export const hasCheckpoint = async (folder: string): Promise<boolean> => (await checkpointsIn(folderAt(folder))).length > 0

const checkpointsIn = async (folder: Folder): Promise<ReadonlyArray<string>> =>
  (await folder.names()).filter(name => pattern.test(name)).sort()

/** The bytes of a checkpoint: deterministic, with checksums. */
export const encodeCheckpoint = ({ state, best, progress, execution }: Checkpoint, identity: Identity): Uint8Array =>
  treeToBytes({ state, best }, { [metadataKey]: JSON.stringify({ version: 2, identity, progress, execution }) })

interface Metadata {
  readonly version: 2
  readonly identity: Identity
  readonly progress: Progress
  readonly execution: Execution
}

const metadataCodec: t.Type<Metadata> = t.strict(
  { version: t.literal(2), identity: t.record(t.string, t.string), progress: progressCodec, execution: executionCodec },
  'Checkpoint',
)

/** Version 1 had the execution, always eager, in the plan. */
const migrated = (json: unknown): unknown => {
  const { version, identity } = json as { readonly version?: unknown; readonly identity?: { readonly plan?: unknown } }
  if (version !== 1 || typeof identity?.plan !== 'string') return json
  const plan = identity.plan.replace(',"execution":"eager"', '')
  return { ...(json as object), version: 2, identity: { ...identity, plan }, execution: 'eager' }
}

/** A checkpoint that is whole; its tensors are not made yet. */
export interface StoredCheckpoint {
  readonly file: SafetensorsFile
  readonly identity: Identity
  readonly progress: Progress
  readonly execution: Execution
}

/** Reads a checkpoint, or says what is damaged. */
export const decodeCheckpoint = (bytes: Uint8Array): Either<DecodeErrors, StoredCheckpoint> =>
  pipe(
    decodeSafetensors(bytes, { checksums: 'required', nonFinite: 'allow' }),
    E.chain(file =>
      pipe(
        file.metadata[metadataKey] === undefined
          ? failure(['__metadata__', metadataKey], 'a checkpoint', 'nothing')
          : parseJson(file.metadata[metadataKey]),
        E.chain(json => decode(metadataCodec, migrated(json))),
        E.map(({ identity, progress, execution }) => ({ file, identity, progress, execution })),
      ),
    ),
  )

/**
 * The tensors of a checkpoint.
 *
 * @param like a tree of the structure, dtypes and shapes that `{ state, best }` must have
 * @throws Error when they do not fit, naming the path
 */
const checkpointLike = ({ file, progress, execution }: StoredCheckpoint, like: Template, path: string): Checkpoint => {
  const tree = pipe(treeFromFile(file, like), E.map(toTensors))
  if (E.isLeft(tree)) throw new Error(`${path}: ${report(tree.left)}`)
  const { state, best } = tree.right as unknown as Pick<Checkpoint, 'state' | 'best'> // checked against `like`
  return { state, best, progress, execution }
}

/** @throws Error naming what differs */
const refuseOther = (found: Identity, wanted: Identity, file: string, allowDifferentBits: boolean): void => {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])]
  const part = names.find(name => found[name] !== wanted[name] && !(allowDifferentBits && name === 'library'))
  if (part === undefined) return
  const advice =
    part === 'library'
      ? 'allowDifferentBits (--allow-different-bits) goes on, and the result then differs in its last bits'
      : 'use another folder or the same options'
  throw new Error(
    `fit: expected a checkpoint of this run in ${file}, got another ${part}: ${shortened(found[part])} instead of ${shortened(wanted[part])}; ${advice}`,
  )
}

const shortened = (text: string | undefined): string =>
  text === undefined ? 'none' : text.length > 120 ? `${text.slice(0, 117)}...` : text
