/** Files by their names in one place. */
export interface Folder {
  /** How messages name a file in it. */
  pathOf(name: string): string
  /** None where there is no such folder. */
  names(): Promise<ReadonlyArray<string>>
  read(name: string): Promise<Uint8Array>
  /** Whole or not at all; makes the folder where it is not there. */
  write(name: string, bytes: Uint8Array): Promise<void>
  remove(name: string): Promise<void>
  /** Makes the folder where it is not there, and removes what was left behind half written. */
  tidy(): Promise<void>
}
