/** What was compiled for sets of shapes, by the key of the call's signature. */
export interface ShapeCache<A> {
  /** What is there under a key, which becomes the last used. */
  readonly get: (key: string) => A | undefined
  /** Keeps it; what was used longest ago gives way. */
  readonly set: (key: string, entry: A) => A
  readonly clear: () => void
}

/** So many sets of shapes stay compiled. */
const kept = 32
/** As many are compiled before a warning says so. */
const many = 5

/** An empty cache for a function; `dispose` is told what leaves it. */
export const shapeCache = <A>(
  caller: string,
  name: string,
  { warn, dispose }: { readonly warn: (text: string) => void; readonly dispose: (entry: A) => void },
): ShapeCache<A> => {
  const entries = new Map<string, A>()
  const seen: string[] = []
  return {
    get: key => {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry
    },
    set: (key, entry) => {
      entries.set(key, entry)
      if (entries.size > kept) {
        const [oldest, last] = entries.entries().next().value!
        entries.delete(oldest)
        dispose(last)
      }
      seen.push(key)
      if (seen.length === many) warn(tooMany(caller, name, seen))
      return entry
    },
    clear: () => {
      entries.forEach(dispose)
      entries.clear()
    },
  }
}

const tooMany = (caller: string, name: string, seen: ReadonlyArray<string>): string => {
  const parts = seen.map(key => key.split(';'))
  const changed = parts[0]!.findIndex((part, i) => parts.some(other => other[i] !== part))
  const values = [...new Set(parts.map(part => part[changed] ?? 'nothing'))].map(value => value.replace(/^.*[:[{]/, ''))
  return `${caller}: ${name === '' ? 'a function' : name} was compiled for ${seen.length} sets of shapes; what changes is leaf ${changed}: ${values.join(', ')}. Pad it to few sizes, or leave ${caller} out.`
}
