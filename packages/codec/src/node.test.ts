import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { equal, is, ok, rejects, suite } from '@diffeo/testing'
import { report } from './decode-error.ts'
import { readFileBounded } from './read-file-bounded.ts'
import { removeOrphans, writeFileAtomic } from './write-file-atomic.ts'

const folder = mkdtempSync(join(tmpdir(), 'diffeo-codec-'))
const at = (name: string): string => join(folder, name)
const read = async (path: string, maxBytes?: number): Promise<string> => {
  const result = await readFileBounded(path, maxBytes)
  return E.isLeft(result) ? report(result.left).replace(folder, '') : `${result.right.length} bytes`
}
const temporary = (pid: number): string => at(`.diffeo-${pid}-0123456789ab.tmp`)
const deadProcess = (): number => Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }))

const s = suite('files')
s.after(() => rmSync(folder, { recursive: true }))

s.test('a file is written, replaced, and nothing else stays', async () => {
  await writeFileAtomic(at('a'), Uint8Array.of(1, 2, 3))
  equal([...readFileSync(at('a'))], [1, 2, 3])
  await writeFileAtomic(at('a'), new Uint8Array(0))
  is(readFileSync(at('a')).length, 0)
  equal(readdirSync(folder), ['a'])
})

s.test('the mode of the target stays', async () => {
  writeFileSync(at('mode'), 'old')
  for (const mode of [0o600, 0o664, 0o646]) {
    chmodSync(at('mode'), mode)
    await writeFileAtomic(at('mode'), Uint8Array.of(1))
    is(statSync(at('mode')).mode & 0o777, mode)
  }
})

s.test('where a link stands, its file is replaced', async () => {
  writeFileSync(at('file'), 'old')
  symlinkSync(at('file'), at('link'))
  await writeFileAtomic(at('link'), Uint8Array.of(7))
  equal([...readFileSync(at('file'))], [7])
  equal([...readFileSync(at('link'))], [7])
})

s.test('what cannot be written rejects, and leaves the old file and nothing else', async () => {
  mkdirSync(at('target'))
  writeFileSync(join(at('target'), 'inside'), 'x')
  await rejects(() => writeFileAtomic(at('target'), Uint8Array.of(1)), /EISDIR|ENOTEMPTY|EEXIST/)
  await rejects(() => writeFileAtomic(join(at('missing'), 'a'), Uint8Array.of(1)), /ENOENT/)
  await rejects(() => writeFileAtomic(join(at('a'), 'b'), Uint8Array.of(1)), /ENOTDIR/)
  if (process.getuid?.() !== 0) {
    writeFileSync(at('readonly'), 'old', { mode: 0o444 })
    await rejects(() => writeFileAtomic(at('readonly'), Uint8Array.of(1)), /EACCES/)
  }
  is(readFileSync(join(at('target'), 'inside'), 'utf8'), 'x')
  equal(
    readdirSync(folder).filter(name => name.endsWith('.tmp')),
    [],
  )
})

s.test('file and folder are synced around the rename, in that order', async () => {
  const log: string[] = []
  const handle = await fs.open(folder, 'r')
  const prototype = Object.getPrototypeOf(handle) as fs.FileHandle
  await handle.close()
  const { sync } = prototype
  const { rename } = fs
  prototype.sync = async function (this: fs.FileHandle): Promise<void> {
    log.push((await this.stat()).isDirectory() ? 'folder' : 'file')
    return sync.call(this)
  }
  fs.rename = async (from, to) => {
    log.push('rename')
    return rename(from, to)
  }
  syncBuiltinESMExports()
  try {
    await writeFileAtomic(at('synced'), Uint8Array.of(1))
  } finally {
    prototype.sync = sync
    fs.rename = rename
    syncBuiltinESMExports()
  }
  equal(log, ['file', 'rename', 'folder'])
})

s.test('kill -9 at any moment leaves the old or the new contents; orphans are removed', async () => {
  const script = `
    import { writeFileAtomic } from ${JSON.stringify(new URL('write-file-atomic.ts', import.meta.url).href)}
    for (let i = 0; ; i++) {
      await writeFileAtomic(process.argv[1], new Uint8Array(3_000_000).fill(i % 250))
      if (i === 0) process.stdout.write('!')
    }`
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, at('killed')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await setTimeout(3 * round)
    child.kill('SIGKILL')
    await once(child, 'close')
    const bytes = readFileSync(at('killed'))
    is(bytes.length, 3_000_000)
    ok(bytes.every(byte => byte === bytes[0]))
    await removeOrphans(folder)
    equal(
      readdirSync(folder).filter(name => name.endsWith('.tmp')),
      [],
    )
  }
})

s.test('orphans: only regular files of ours whose process is gone', async () => {
  const dead = deadProcess()
  writeFileSync(temporary(dead), 'x')
  writeFileSync(temporary(process.pid), 'x')
  writeFileSync(temporary(process.ppid), 'x')
  writeFileSync(at('.diffeo-12-x.tmp'), 'x')
  writeFileSync(at('other.tmp'), 'x')
  mkdirSync(temporary(dead).replace('ab.tmp', 'cd.tmp'))
  equal(await removeOrphans(folder), [temporary(dead).slice(folder.length + 1)])
  ok(existsSync(temporary(process.pid)))
  ok(existsSync(at('other.tmp')))
  // A process of the same number, before this one.
  utimesSync(temporary(process.pid), 1, 1)
  equal(await removeOrphans(folder), [temporary(process.pid).slice(folder.length + 1)])
  await rejects(() => removeOrphans(at('missing')), /ENOENT/)
})

s.test('reading is bounded, and of regular files only', async () => {
  writeFileSync(at('ten'), '0123456789')
  is(await read(at('ten')), '10 bytes')
  is(await read(at('ten'), 10), '10 bytes')
  is(await read(at('ten'), 9), '/ten: expected a file of at most 9 bytes, got 10')
  is(await read(folder), ': expected a regular file, got a folder')
  ok(/\/missing: expected a readable file, got ENOENT/.test(await read(at('missing'))))
  symlinkSync(at('ten'), at('link-to-ten'))
  is(await read(at('link-to-ten')), '10 bytes')
  writeFileSync(at('empty'), '')
  is(await read(at('empty')), '0 bytes')
  is(await read('/dev/zero'), '/dev/zero: expected a regular file, got a device, pipe or socket')
  ok(/expected a readable file/.test(await read('a\0b')))
})

s.test(
  'a named pipe does not block',
  async () => {
    execFileSync('mkfifo', [at('pipe')])
    is(await read(at('pipe')), '/pipe: expected a regular file, got a device, pipe or socket')
  },
  { seconds: 5 },
)

s.run()
