/** The library and its version, as files record it. */
export const library = 'diffeo 0.1.0'
