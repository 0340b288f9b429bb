/**
 * The maximum of a unimodal function on [low, high] by golden-section search (Kiefer 1953), to `tolerance` in x: one evaluation a step,
 * each of which leaves 0.618 of the interval.
 */
export const goldenSection = (f: (x: number) => number, low: number, high: number, tolerance: number): number => {
  const ratio = (Math.sqrt(5) - 1) / 2
  let [a, b] = [low, high]
  let [c, d] = [b - ratio * (b - a), a + ratio * (b - a)]
  let [fc, fd] = [f(c), f(d)]
  while (b - a > tolerance) {
    if (fc > fd) {
      ;[b, d, fd] = [d, c, fc]
      c = b - ratio * (b - a)
      fc = f(c)
    } else {
      ;[a, c, fc] = [c, d, fd]
      d = a + ratio * (b - a)
      fd = f(d)
    }
  }
  return (a + b) / 2
}
