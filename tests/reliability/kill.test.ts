import { equal, suite } from '@diffeo/testing'
import { killAtRandom } from './kill.ts'

const s = suite('killed runs')

s.test(
  'a fit that is killed at random moments and resumed ends in the same bytes',
  async () => {
    const { different, failed, orphans } = await killAtRandom(6, 1)
    equal({ different, failed, orphans }, { different: 0, failed: 0, orphans: 0 })
  },
  { seconds: 240 },
)

s.run()
