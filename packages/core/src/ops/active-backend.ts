import { engine } from '@tensorflow/tfjs-core'

/** The name of the active backend; asking for the backend chooses one, where none was. */
export const activeBackend = (): string => {
  void engine().backend
  return engine().backendName
}
