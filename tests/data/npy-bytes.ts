/** How the bytes of an NPY file are made, for tests. */
interface Layout {
  readonly descr?: string
  readonly fortran?: boolean
  readonly version?: 1 | 2 | 3
  /** Another text in place of the header's. */
  readonly header?: string
}

const writers: { readonly [kind: string]: (view: DataView, at: number, x: number, little: boolean) => void } = {
  f4: (view, at, x, little) => view.setFloat32(at, x, little),
  f8: (view, at, x, little) => view.setFloat64(at, x, little),
  i1: (view, at, x) => view.setInt8(at, x),
  i2: (view, at, x, little) => view.setInt16(at, x, little),
  i4: (view, at, x, little) => view.setInt32(at, x, little),
  i8: (view, at, x, little) => view.setBigInt64(at, BigInt(x), little),
  u1: (view, at, x) => view.setUint8(at, x),
  u2: (view, at, x, little) => view.setUint16(at, x, little),
  u4: (view, at, x, little) => view.setUint32(at, x, little),
  u8: (view, at, x, little) => view.setBigUint64(at, BigInt(x), little),
  b1: (view, at, x) => view.setUint8(at, x),
}

/** An NPY file of row-major values. */
export const npyBytes = (
  values: ReadonlyArray<number>,
  shape: ReadonlyArray<number>,
  { descr = '<f8', fortran = false, version = 1, header }: Layout = {},
): Buffer => {
  const kind = descr.slice(1)
  const size = Number(kind.slice(1))
  const data = Buffer.alloc(values.length * size)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const [rows = 0, width = 1] = shape
  values.forEach((x, at) => {
    const place = fortran ? (at % width) * rows + Math.floor(at / width) : at
    writers[kind]?.(view, place * size, x, !descr.startsWith('>'))
  })
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const said = header ?? `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`
  const prefix = version === 1 ? 10 : 12
  const padded = Buffer.from(said.padEnd(Math.ceil((prefix + said.length + 1) / 64) * 64 - prefix - 1) + '\n', 'latin1')
  const length = Buffer.alloc(version === 1 ? 2 : 4)
  if (version === 1) length.writeUInt16LE(padded.length)
  else length.writeUInt32LE(padded.length)
  return Buffer.concat([Buffer.of(0x93), Buffer.from('NUMPY'), Buffer.of(version, 0), length, padded, data])
}
