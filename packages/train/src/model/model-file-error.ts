import { report } from '@diffeo/codec'
import type { DecodeErrors } from '@diffeo/codec'

/** A model file that cannot be read: which, and every error with its path. */
export class ModelFileError extends Error {
  override readonly name: string = 'ModelFileError'
  readonly file: string
  readonly errors: DecodeErrors

  constructor(file: string, errors: DecodeErrors) {
    super(`${file}: ${report(errors)}`)
    this.file = file
    this.errors = errors
  }
}
