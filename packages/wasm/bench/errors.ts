/** Writes ERRORS.md: `node --import tsx packages/wasm/bench/errors.ts [stride]`. */
import { writeFileSync } from 'node:fs'
import { plain, relaxed } from '../src/math/arithmetic.ts'
import { unaryMath } from '../src/math/functions.ts'
import type { UnaryMath } from '../src/math/functions.ts'
import { measure, truths } from './ulp.ts'

const stride = Number(process.argv[2] ?? 97)
const names = Object.keys(truths) as ReadonlyArray<UnaryMath>
const rows = names.map(name => {
  const [a, b] = [plain, relaxed].map(ar => measure(unaryMath[name], ar, truths[name], stride))
  console.log(name, a, b)
  const wrong = [...a!.wrong, ...b!.wrong]
  if (wrong.length > 0) throw new Error(`${name}: ${wrong.slice(0, 5).join(', ')}`)
  return `| ${name} | ${a!.ulp.toFixed(2)} | ${a!.at} | ${b!.ulp.toFixed(2)} | ${b!.at} |`
})

writeFileSync(
  new URL('../ERRORS.md', import.meta.url),
  `# Errors of the vector functions

Largest error against float64, in units of the last place of the exact value, on every ${stride}th of the 2^32 float32 numbers
(${Math.ceil(2 ** 32 / stride).toLocaleString('en')} inputs, NaN, infinities and subnormal numbers among them) and on the neighbours of the special ones. 0.5 is a
correctly rounded result. No input gives NaN, an infinity or a zero (with its sign) where the correctly rounded result is something else.
Relaxed SIMD was measured on a processor with fused multiply-add; without one it gives the plain result.

Written by \`node --import tsx packages/wasm/bench/errors.ts\`.

| function | plain | worst at | relaxed | worst at |
|---|---|---|---|---|
${rows.join('\n')}
`,
)
