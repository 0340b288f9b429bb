/** The length of every header that is written here: it can be written again when the number of rows is known. */
export const npyHeaderLength = 128

/**
 * The header of a NumPy file of float64 numbers, [rows, columns], little-endian, row-major (NPY format 1.0).
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export const npyHeader = (rows: number, columns: number): Uint8Array => {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`
  const prefix = [0x93, ...Buffer.from('NUMPY'), 1, 0]
  const padded = `${text.padEnd(npyHeaderLength - prefix.length - 2 - 1)}\n`
  return Uint8Array.from([...prefix, padded.length & 255, padded.length >> 8, ...Buffer.from(padded)])
}

/** Numbers as little-endian float64. */
export const npyBytes = (values: Float64Array | Float32Array): Uint8Array => {
  const view = new DataView(new ArrayBuffer(8 * values.length))
  values.forEach((value, i) => view.setFloat64(8 * i, value, true))
  return new Uint8Array(view.buffer)
}
