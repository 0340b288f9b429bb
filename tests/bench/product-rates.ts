import { spawnSync } from 'node:child_process'
import type { MatmulRate, Missing } from './measurement.ts'

/** The rates of square products, by products.ts in a process of its own. */
export const productRates = (command: ReadonlyArray<string>, sizes: ReadonlyArray<number>): ReadonlyArray<MatmulRate | Missing> => {
  const [file, ...parameters] = command
  const done = spawnSync(file!, [...parameters, ...sizes.map(String)], { encoding: 'utf8' })
  if (done.status !== 0)
    return [{ workload: 'mm', contestant: 'diffeo', missing: /Error: .*/.exec(done.stderr)?.[0] ?? `ended with ${done.status}` }]
  return done.stdout
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as MatmulRate)
}
