/** Hands out 16-byte aligned blocks of an address range, and takes them back. */
export interface Allocator {
  /** The address of a new block of at least `bytes` bytes. */
  readonly allocate: (bytes: number) => number
  /** @throws RangeError when no block begins at `address` */
  readonly free: (address: number) => void
  /** Bytes in use, and all bytes between the first and the last address ever used. */
  readonly stats: () => { readonly blocks: number; readonly live: number; readonly reserved: number }
}

const alignment = 16
const binOf = (size: number): number => 31 - Math.clz32(size / alignment)

/**
 * Blocks that are taken back wait for the next request of their size, as a training step makes it; only when memory runs out do they go among
 * the free ones: by the power of two of their size, neighbours as one block, best bin, first fit.
 *
 * @param start  the first address, above 0
 * @param grow   makes all addresses below `end` usable
 */
export const allocator = (start: number, grow: (end: number) => void): Allocator => {
  const live = new Map<number, number>()
  const sizes = new Map<number, number>()
  const startOfEnd = new Map<number, number>()
  const waiting = new Map<number, number[]>()
  const bins = Array.from({ length: 32 }, () => new Set<number>())
  const base = Math.ceil(start / alignment) * alignment
  const totals = { end: base, live: 0 }

  const addFree = (address: number, size: number): void => {
    sizes.set(address, size)
    startOfEnd.set(address + size, address)
    bins[binOf(size)]!.add(address)
  }
  const takeFree = (address: number): number => {
    const size = sizes.get(address)!
    sizes.delete(address)
    startOfEnd.delete(address + size)
    bins[binOf(size)]!.delete(address)
    return size
  }
  const find = (size: number): number | undefined => {
    const own = binOf(size)
    for (const address of bins[own]!) if (sizes.get(address)! >= size) return address
    for (let bin = own + 1; bin < bins.length; bin++) for (const address of bins[bin]!) return address
    return undefined
  }
  const atEnd = (size: number): number => {
    const last = startOfEnd.get(totals.end)
    const address = last ?? totals.end
    grow(address + size)
    if (last !== undefined) takeFree(last)
    totals.end = address + size
    return address
  }
  const claim = (address: number, size: number): number => {
    const rest = takeFree(address) - size
    if (rest > 0) addFree(address + size, rest)
    return address
  }
  const join = (address: number, size: number): void => {
    const before = startOfEnd.get(address)
    const beforeSize = before === undefined ? 0 : takeFree(before)
    const afterSize = sizes.has(address + size) ? takeFree(address + size) : 0
    addFree(before ?? address, beforeSize + size + afterSize)
  }
  const joinWaiting = (): void => {
    waiting.forEach((addresses, size) => addresses.forEach(address => join(address, size)))
    waiting.clear()
  }
  const fromFree = (size: number): number | undefined => {
    const found = find(size)
    return found === undefined ? undefined : claim(found, size)
  }
  const joined = (size: number): number | undefined => {
    if (waiting.size === 0) return undefined
    joinWaiting()
    return fromFree(size)
  }
  return {
    allocate: bytes => {
      const size = Math.max(1, Math.ceil(bytes / alignment)) * alignment
      const address = waiting.get(size)?.pop() ?? fromFree(size) ?? joined(size) ?? atEnd(size)
      live.set(address, size)
      totals.live += size
      return address
    },
    free: address => {
      const size = live.get(address)
      if (size === undefined) throw new RangeError(`free: expected the address of a block in use, got ${address}`)
      live.delete(address)
      totals.live -= size
      const alike = waiting.get(size)
      if (alike === undefined) waiting.set(size, [address])
      else alike.push(address)
    },
    stats: () => ({ blocks: live.size, live: totals.live, reserved: totals.end - base }),
  }
}
