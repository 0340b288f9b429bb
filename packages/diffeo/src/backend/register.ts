/* What an import of diffeo leaves behind: tfjs' two backends that run everywhere, and the compiler. */
import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs-backend-wasm'
import { useWasmCompiler } from '@diffeo/wasm'
import { registerWasm } from './use-backend.ts'

registerWasm()
useWasmCompiler()
