// A module hook: gives one file with one text replaced, and says so in `globalThis.planted`.
import { Buffer } from 'node:buffer'

let planted

export const initialize = data => {
  planted = data
}

export const load = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context)
  if (url.split('?')[0] !== planted.url || loaded.source == null) return loaded
  const source = typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source).toString('utf8')
  const parts = source.split(planted.find)
  if (parts.length !== 2) throw new Error(`expected the text once in ${url}, got ${parts.length - 1}`)
  return { ...loaded, source: `${parts.join(planted.replace)}\nglobalThis.planted = true\n` }
}
