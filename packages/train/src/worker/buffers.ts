/** The buffers of the typed arrays in a value that is sent: they are moved to the other thread instead of copied. */
export const buffersOf = (value: unknown): ReadonlyArray<ArrayBuffer> => {
  const found = new Set<ArrayBuffer>()
  const look = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    if (part instanceof ArrayBuffer) found.add(part)
    else if (ArrayBuffer.isView(part)) look(part.buffer)
    else if (Array.isArray(part)) {
      // lists of numbers are long and hold none
      if (typeof part[0] !== 'number') part.forEach(look)
    } else if (isPlain(part)) Object.values(part).forEach(look)
  }
  look(value)
  return [...found]
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
