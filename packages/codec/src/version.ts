/** The version of the library, which every model file names. */
export const libraryVersion = '0.1.0'

/** The version of the model files that are written; `migrations` reads the earlier ones. */
export const modelVersion = 2
