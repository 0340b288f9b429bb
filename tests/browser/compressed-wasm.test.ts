import { ok, suite } from '@diffeo/testing'
import { wasmOfPackage, wasmOfText } from '../../tools/compressed-wasm.ts'

const s = suite("tfjs' module as it travels in a bundle")

s.test('the committed text unpacks to the module of the installed package', () => {
  ok(wasmOfText().equals(wasmOfPackage()), 'run node --import tsx tools/compressed-wasm.ts')
})

s.run()
