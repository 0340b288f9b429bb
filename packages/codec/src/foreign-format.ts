/** What a file that is not one of ours seems to be, by its first bytes; undefined when they tell nothing. */
export const foreignFormat = (bytes: Uint8Array): string | undefined =>
  signatures.find(([signature]) => signature.every((byte, i) => bytes[i] === byte))?.[1]

const ascii = (text: string): ReadonlyArray<number> => [...text].map(c => c.charCodeAt(0))

const signatures: ReadonlyArray<readonly [ReadonlyArray<number>, string]> = [
  [ascii('PK\x03\x04'), 'a zip archive (.npz, or a PyTorch .pt: pickles are never loaded)'],
  [[0x1f, 0x8b], 'gzip-compressed data; decompress it first'],
  [[0x80, 0x02], 'a Python pickle, which is never loaded'],
  [[0x80, 0x03], 'a Python pickle, which is never loaded'],
  [[0x80, 0x04], 'a Python pickle, which is never loaded'],
  [[0x80, 0x05], 'a Python pickle, which is never loaded'],
  [[0x93, ...ascii('NUMPY')], 'a NumPy array (.npy)'],
  [ascii('PAR1'), 'a Parquet file'],
  [[0x89, ...ascii('HDF')], 'an HDF5 file'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd-compressed data; decompress it first'],
  [ascii('{'), 'JSON'],
  [ascii('<'), 'HTML or XML'],
]
