import './register.ts'
import { getBackend } from '@tensorflow/tfjs-core'
import { useBackend } from './use-backend.ts'

// A program that never chooses gets WASM, before its first tensor.
if (getBackend() !== 'wasm') await useBackend()
