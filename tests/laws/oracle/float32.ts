const buffer = new DataView(new ArrayBuffer(4))

/** The float32 after x. */
export const nextUp = (x: number): number => {
  if (Number.isNaN(x) || x === Infinity) return x
  if (x === 0) return 2 ** -149
  buffer.setFloat32(0, x)
  buffer.setInt32(0, buffer.getInt32(0) + (x > 0 ? 1 : -1))
  return buffer.getFloat32(0)
}

/** The float32 before x. */
export const nextDown = (x: number): number => -nextUp(-x)

/** 2^-23, the relative distance of neighbouring float32 numbers. */
export const machineEpsilon: number = 2 ** -23
