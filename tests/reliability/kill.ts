/**
 * Kills a fit with SIGKILL at random moments and resumes it, until it ends; compares the model file, which holds parameters and
 * losses, with that of a run that was never killed, byte for byte.
 *
 *     node --import tsx tests/reliability/kill.ts --kills 200 --seed 0
 */
import { foldIn, key, uniformArray } from '@diffeo/core'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** What happened over all kills. */
export interface KillScore {
  readonly kills: number
  /** Runs that ended, each after some kills. */
  readonly runs: number
  /** Runs whose model file differs from the one that was never killed. */
  readonly different: number
  /** Resumes that began before the checkpoint that the killed process had reported, or that failed. */
  readonly failed: number
  /** Temporary files left after the run had ended. */
  readonly orphans: number
}

const script = fileURLToPath(new URL('killed-fit.ts', import.meta.url))

interface Life {
  readonly began: number | undefined
  readonly hash: string | undefined
  /** Milliseconds from `began` to the end. */
  readonly lasted: number
  readonly errors: string
}

/** Runs the fit; kills it `after` milliseconds from its beginning, unless it has ended by then. */
const live = (folder: string, resume: boolean, after = Infinity): Promise<Life> =>
  new Promise(resolve => {
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder, resume ? 'resume' : 'fresh'])
    let [began, hash, since, errors, text] = [undefined as number | undefined, undefined as string | undefined, 0, '', '']
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString()
      const beginning = /began (\d+)/.exec(text)
      if (beginning && began === undefined) {
        began = Number(beginning[1])
        since = performance.now()
        if (after !== Infinity) setTimeout(() => child.kill('SIGKILL'), after)
      }
      hash = /ended ([0-9a-f]{64})/.exec(text)?.[1]
    })
    child.on('close', () => resolve({ began, hash, lasted: performance.now() - since, errors }))
  })

/** Kills `kills` times in all, over as many runs as that takes; each run is resumed until it ends. */
export const killAtRandom = async (kills: number, seed: number, log: (line: string) => void = () => {}): Promise<KillScore> => {
  const root = mkdtempSync(join(tmpdir(), 'diffeo-kill-'))
  try {
    const whole = await live(join(root, 'whole'), false)
    if (whole.hash === undefined) throw new Error(`the run that is not killed failed: ${whole.errors}`)
    let [lives, lasted] = [0, whole.lasted]
    let score: KillScore = { kills: 0, runs: 0, different: 0, failed: 0, orphans: 0 }
    while (score.kills < kills) {
      const folder = join(root, `run-${score.runs}`)
      let [reached, hash] = [0, undefined as string | undefined]
      for (let life = 0; hash === undefined; life++) {
        // a moment anywhere in a run: what is left of it is shorter each time, so some lives end by themselves
        const [moment] = uniformArray(foldIn(key(seed), lives++), 1)
        const after = score.kills < kills ? moment! * lasted * 0.6 : Infinity
        const { began, hash: ended, errors, lasted: time } = await live(folder, life > 0, after)
        // how fast the machine is now
        if (ended !== undefined && life === 0) lasted = time
        const lost = began === undefined || began < reached
        if (lost) log(`a resume failed: began at ${began}, ${reached} had been reached; ${errors}`)
        score = { ...score, failed: score.failed + (lost ? 1 : 0), kills: score.kills + (ended === undefined ? 1 : 0) }
        if (lost) break
        reached = began
        hash = ended
      }
      const orphans = readdirSync(folder).filter(name => !name.startsWith('step-')).length
      score = {
        ...score,
        runs: score.runs + 1,
        different: score.different + (hash === whole.hash ? 0 : 1),
        orphans: score.orphans + orphans,
      }
      log(`${score.kills} kills, ${score.runs} runs, ${score.different} different, ${score.failed} failed, ${score.orphans} orphans`)
    }
    return score
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '0' } } })
  const score = await killAtRandom(Number(values.kills), Number(values.seed), console.log)
  console.log(JSON.stringify(score))
  process.exitCode = score.different + score.failed + score.orphans > 0 ? 1 : 0
}
