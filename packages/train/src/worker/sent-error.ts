import { DataError } from '../data/error.ts'
import { ModelFileError } from '../model/model-file-error.ts'
import type { SentError } from './messages.ts'

/** An error as it crosses threads, with the fields of our own errors. */
export const sentError = (thrown: unknown): SentError => {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown), stack: undefined }
  const { name, message, stack } = thrown
  if (thrown instanceof DataError) {
    const { file, row, line, column, expected, actual, advice, candidates } = thrown
    return { name, message, stack, problem: { file, row, line, column, expected, actual, advice, candidates } }
  }
  if (thrown instanceof ModelFileError) return { name, message, stack, decoding: { file: thrown.file, errors: thrown.errors } }
  return { name, message, stack }
}

/** The error of a worker, of its own class where that is one of ours or of the language; its stack is the worker's. */
export const receivedError = (sent: SentError): Error => {
  const error = errorOf(sent)
  error.stack = sent.stack ?? `${sent.name}: ${sent.message}`
  return error
}

const errorOf = ({ name, message, problem, decoding }: SentError): Error => {
  if (problem !== undefined) return new DataError(problem)
  if (decoding !== undefined) return new ModelFileError(decoding.file, decoding.errors)
  if (name === 'RangeError') return new RangeError(message)
  if (name === 'TypeError') return new TypeError(message)
  return Object.assign(new Error(message), { name })
}
