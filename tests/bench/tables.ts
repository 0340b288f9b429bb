import { markdownTable } from 'markdown-table'
import { bars, samplingCost } from './bars.ts'
import { familyId, familyNames, families } from './families.ts'
import { distinct, pick, ratio } from './lines.ts'
import { isMeasurement, isMissing, isRate } from './measurement.ts'
import type { Line, Measurement } from './measurement.ts'
import { inPage } from './sections.ts'
import { bytes, spread, time, times, whole } from './show.ts'
import { workloads } from './workloads.ts'

/** A table in Markdown under its name. */
export interface Table {
  readonly name: string
  readonly title: string
  readonly markdown: string
}

const table = (name: string, title: string, head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): Table | undefined =>
  rows.length === 0
    ? undefined
    : {
        name,
        title,
        markdown: markdownTable([[...head], ...rows.map(row => [...row])], {
          align: head.map((_, i) => (i === 0 ? 'l' : 'r')),
          stringLength: text => text.length,
        }),
      }

const ids = [...workloads.map(({ id }) => id), 'W8']

/** The measurements of the workloads' table, by workload. */
const rowsOf = (lines: ReadonlyArray<Line>, threads: number): ReadonlyArray<readonly [string, ReadonlyArray<Measurement>]> => {
  const off = lines.filter(isMeasurement).filter(line => line.axis === undefined && line.threads === threads)
  return ids.map(id => [id, off.filter(({ workload }) => workload === id)] as const).filter(([, row]) => row.length > 0)
}

const timesTable = (lines: ReadonlyArray<Line>, threads: number): Table | undefined => {
  const rows = rowsOf(lines, threads)
  const names = distinct(rows.flatMap(([, row]) => row.map(({ contestant }) => contestant)))
  const cell = ({ ms, q1_ms, q3_ms }: Measurement): string => spread({ median: ms, low: q1_ms, high: q3_ms }, time)
  return table(
    `times-${threads}`,
    `Median and quartiles of the runs, ${threads === 1 ? 'one thread' : `${threads} threads`}`,
    ['', ...names],
    rows.map(([id, row]) => [id, ...names.map(name => optional(row.find(({ contestant }) => contestant === name), cell))]), // prettier-ignore
  )
}

const optional = <A>(value: A | undefined, show: (value: A) => string): string => (value === undefined ? '' : show(value))

const ratiosTable = (lines: ReadonlyArray<Line>, threads: number): Table | undefined => {
  const rows = rowsOf(lines, threads).filter(([, row]) => row.some(({ contestant }) => contestant === 'diffeo'))
  const names = distinct(rows.flatMap(([, row]) => row.map(({ contestant }) => contestant))).filter(name => name !== 'diffeo')
  return table(
    `ratios-${threads}`,
    `Times as long as diffeo took (median and quartiles of the rounds), ${threads === 1 ? 'one thread' : `${threads} threads`}`,
    ['', ...names],
    rows.map(([id, row]) => {
      const of = (name: string): Measurement | undefined => row.find(({ contestant }) => contestant === name)
      return [id, ...names.map(name => optional(ratio(of(name), of('diffeo')), s => spread(s, times)))]
    }),
  )
}

const sizesTable = (lines: ReadonlyArray<Line>): Table | undefined => {
  const rows = rowsOf(lines, 1).flatMap(([id, row]) => {
    const ours = row.find(({ contestant, multiply_adds }) => contestant.startsWith('diffeo') && multiply_adds !== undefined)
    const groups = distinct(row.map(({ parameters, multiply_adds }) => `${parameters} ${multiply_adds}`)).filter(
      key => !key.includes('undefined'),
    )
    return groups.map(key => {
      const [parameters, adds] = key.split(' ').map(Number) as [number, number]
      const names = row.filter(line => `${line.parameters} ${line.multiply_adds}` === key).map(({ contestant }) => contestant)
      const off = ours?.multiply_adds === undefined ? 0 : adds / ours.multiply_adds - 1
      return [id, names.join(', '), whole(parameters), whole(adds), off === 0 ? '' : `${(100 * off).toFixed(1)} %`]
    })
  })
  return table('sizes', 'Sizes of the models', ['', 'contestants', 'parameters', 'multiply-adds of a row', 'off'], rows)
}

/** The measurements of the extended table, by family. */
const familyRows = (lines: ReadonlyArray<Line>): ReadonlyArray<readonly [string, ReadonlyArray<Measurement>]> =>
  familyNames
    .map(name => [families[name].title, lines.filter(isMeasurement).filter(({ workload }) => workload === familyId(name))] as const)
    .filter(([, row]) => row.length > 0)

const familiesTable = (lines: ReadonlyArray<Line>): Table | undefined => {
  const others = ['diffeo-eager', 'zuko', 'flowjax', 'nflows']
  return table(
    'transformers',
    'A training step of each map, and times as long as diffeo took (median and quartiles of the rounds), one thread',
    ['', 'diffeo', ...others],
    familyRows(lines).map(([title, row]) => {
      const of = (name: string): Measurement | undefined => row.find(({ contestant }) => contestant === name)
      return [title, optional(of('diffeo'), m => time(m.ms)), ...others.map(name => optional(ratio(of(name), of('diffeo')), s => spread(s, times)))] // prettier-ignore
    }),
  )
}

const familySizesTable = (lines: ReadonlyArray<Line>): Table | undefined => {
  const names = ['diffeo', 'zuko', 'flowjax', 'nflows']
  return table(
    'transformer-sizes',
    'Parameters of these models',
    ['', ...names],
    familyRows(lines)
      .filter(([, row]) => row.some(({ contestant }) => !contestant.startsWith('diffeo')))
      .map(([title, row]) => [title, ...names.map(name => optional(row.find(({ contestant }) => contestant === name)?.parameters, whole))]),
  )
}

const codeTable = (lines: ReadonlyArray<Line>): Table | undefined =>
  table(
    'code',
    'Compiled code and its memory',
    ['', 'contestant', 'code', 'arena', 'peak of live bytes', 'ratio'],
    rowsOf(lines, 1).flatMap(([id, row]) =>
      row
        .filter(({ code_bytes }) => code_bytes !== undefined)
        .map(({ contestant, code_bytes, arena_bytes: arena, live_bytes: live }) => [
          id,
          contestant,
          bytes(code_bytes!),
          optional(arena, bytes),
          optional(live, bytes),
          arena === undefined || !live ? '' : times(arena / live),
        ]),
    ),
  )

const firstTable = (lines: ReadonlyArray<Line>): Table | undefined => {
  const firsts = lines.filter(isMeasurement).filter(({ workload }) => workload.startsWith('first '))
  const names = distinct(firsts.map(({ contestant }) => contestant))
  return table(
    'first',
    'First calls, each in a fresh process: trace, optimize, compile, run',
    ['', ...names],
    distinct(firsts.map(({ workload }) => workload)).map(workload => [
      workload.replace('first ', ''),
      ...names.map(contestant => optional(pick(firsts, { workload, contestant }), m => spread({ median: m.ms, low: m.q1_ms, high: m.q3_ms }, time))), // prettier-ignore
    ]),
  )
}

const memoryTable = (lines: ReadonlyArray<Line>): Table | undefined =>
  table(
    'memory',
    'Resident memory of the process: W3 at batch 8192',
    ['', 'before the first call', 'peak', 'a step'],
    lines
      .filter(isMeasurement)
      .filter(({ workload }) => workload === 'memory')
      .map(({ contestant, start_bytes, peak_bytes, ms }) => [
        contestant,
        optional(start_bytes, bytes),
        optional(peak_bytes, bytes),
        time(ms),
      ]),
  )

const callTable = (lines: ReadonlyArray<Line>): Table | undefined =>
  table(
    'call',
    'A call whose function does nothing',
    ['', 'a call'],
    lines
      .filter(isMeasurement)
      .filter(({ workload }) => workload === 'call')
      .map(({ contestant, ms, q1_ms, q3_ms }) => [contestant, spread({ median: ms, low: q1_ms, high: q3_ms }, time)]),
  )

const productsTable = (lines: ReadonlyArray<Line>): Table | undefined =>
  table(
    'products',
    'Products n × n, GFLOP/s',
    ['n', 'arithmetic', 'diffeo', 'register kernel', 'share', 'tfjs-wasm', 'ratio'],
    lines
      .filter(isRate)
      .map(({ n, arithmetic, gflops, peak_gflops, tfjs_gflops }) => [
        String(n),
        arithmetic,
        gflops.toFixed(1),
        peak_gflops.toFixed(1),
        `${((100 * gflops) / peak_gflops).toFixed(0)} %`,
        tfjs_gflops.toFixed(1),
        times(gflops / tfjs_gflops),
      ]),
  )

const samplingTable = (lines: ReadonlyArray<Line>): Table | undefined =>
  table(
    'sampling',
    '10,000 samples of the MAF, in log-densities of as many rows',
    ['D', 'cost'],
    [undefined, 8, 16, 32, 64, 128].flatMap(dim => {
      const cost = samplingCost(lines, dim)
      return cost === undefined ? [] : [[dim === undefined ? '43 (W4)' : String(dim), spread(cost, times)]]
    }),
  )

const workersTable = (lines: ReadonlyArray<Line>): Table | undefined =>
  table(
    'workers',
    'W3 at batch 4096 on one and two workers',
    ['', 'a step'],
    lines
      .filter(isMeasurement)
      .filter(({ workload }) => workload === 'parallel')
      .map(({ contestant, ms, q1_ms, q3_ms }) => [contestant, spread({ median: ms, low: q1_ms, high: q3_ms }, time)]),
  )

const pageTable = (lines: ReadonlyArray<Line>): Table | undefined => {
  const found = lines.filter(isMeasurement).filter(({ workload }) => workload === inPage)
  const node = found.find(({ contestant }) => contestant === 'diffeo')
  return table(
    'page',
    'W1, a training step, in Node (diffeo) and in a page of Chromium',
    ['', 'a step', 'first call', 'times as long as in Node'],
    found.map(line => [
      line.contestant,
      spread({ median: line.ms, low: line.q1_ms, high: line.q3_ms }, time),
      optional(line.first_ms, time),
      optional(ratio(line, node), s => spread(s, times)),
    ]),
  )
}

/** Contestants that run the same code from the same parameters and give another value. */
const disagreeing = (lines: ReadonlyArray<Line>): ReadonlyArray<ReadonlyArray<string>> => {
  const known = lines
    .filter(isMeasurement)
    .filter(({ value, contestant }) => value !== undefined && /^(diffeo|tfjs|chromium)/.test(contestant))
  return known.flatMap(({ workload, contestant, value, axis, dim, layers, rows }) => {
    const other = known.find(
      line => line.workload === workload && line.axis === axis && line.dim === dim && line.layers === layers && line.rows === rows,
    )!
    const off = Math.abs(value! - other.value!) / Math.max(1, Math.abs(other.value!))
    return off <= 1e-3 ? [] : [[workload, contestant, `gives ${value}, where ${other.contestant} gives ${other.value}`]]
  })
}

const missingTable = (lines: ReadonlyArray<Line>): Table | undefined =>
  table(
    'missing',
    'Did not run, or not right',
    ['', 'contestant', 'why'],
    [
      ...lines
        .filter(isMissing)
        .filter(({ missing }) => missing !== 'not among its workloads')
        .map(({ workload, contestant, missing }) => [workload, contestant, missing.replace(/\|/g, '/').slice(0, 120)]),
      ...disagreeing(lines),
    ],
  )

const barsTable = (lines: ReadonlyArray<Line>): Table | undefined =>
  table(
    'goals',
    'Goals',
    ['', 'wanted', 'got', ''],
    bars(lines)
      .filter(({ got }) => got !== undefined)
      .map(({ what, wanted, got, reached }) => [what, wanted, got!, reached === undefined ? '' : reached ? 'reached' : 'missed']),
  )

/** Everything that the lines tell, as tables. */
export const tablesOf = (lines: ReadonlyArray<Line>): ReadonlyArray<Table> =>
  [
    ...[1, 2].flatMap(threads => [timesTable(lines, threads), ratiosTable(lines, threads)]),
    sizesTable(lines),
    familiesTable(lines),
    familySizesTable(lines),
    codeTable(lines),
    firstTable(lines),
    callTable(lines),
    memoryTable(lines),
    productsTable(lines),
    samplingTable(lines),
    workersTable(lines),
    pageTable(lines),
    barsTable(lines),
    missingTable(lines),
  ].filter(t => t !== undefined)

/** The tables as text. */
export const report = (lines: ReadonlyArray<Line>): string =>
  tablesOf(lines)
    .map(({ title, markdown }) => `${title}\n\n${markdown}\n`)
    .join('\n')
