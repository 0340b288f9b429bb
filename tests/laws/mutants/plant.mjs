// Imported before tsx: one source file is read with an error in it. The file on disk stays as it is.
import { register } from 'node:module'

const { file, find, replace } = JSON.parse(process.env.DIFFEO_MUTANT)
const url = new URL(`../../../packages/core/src/${file}`, import.meta.url).href
register('./plant-hook.mjs', import.meta.url, { data: { url, find, replace } })
