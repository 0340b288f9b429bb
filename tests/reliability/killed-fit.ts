/** The run that the kill test kills: a small fit with checkpoints. Prints `began <step>` and, at the end, `ended <hash>`. */
import { fit, nsf } from 'diffeo'
import { createHash } from 'node:crypto'
import { stdout } from 'node:process'

const [folder, resume] = process.argv.slice(2)

/** 400 rows of a banana: no randomness but the fit's own. */
const rows = Array.from({ length: 400 }, (_, i) => {
  const a = 2 * Math.PI * ((i * 0.618034) % 1)
  const r = Math.sqrt(-2 * Math.log(1 - (i + 0.5) / 400.5))
  const x = r * Math.cos(a)
  return { x, y: r * Math.sin(a) + 0.5 * x * x }
})

const model = await fit(rows, {
  flow: nsf({ layers: 3, bins: 4, hidden: [8] }),
  seed: 3,
  batchSize: 32,
  epochs: 30,
  patience: 50,
  ema: 0.9,
  baselines: false,
  calibration: false,
  checkpoint: { folder: folder!, everySteps: 3, keep: 2, resume: resume === 'resume' },
  onStart: ({ step }) => stdout.write(`began ${step}\n`),
})
stdout.write(`ended ${createHash('sha256').update(model.encode()).digest('hex')}\n`)
model.dispose()
