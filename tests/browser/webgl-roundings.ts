/**
 * How many times float32's roundings what the laws allow may be on a graphics card. Its exponentials and logarithms may be off by a few of them. Sines and
 * cosines are off by 1,600 in software (1.9e-4, laws.test.ts), most of which goes where a point is moved back onto its circle; but tfjs computes small
 * tensors outside of the card now and then, so that two samples of one key may be so far apart: 4096, or 2^-11, for distributions that draw angles.
 */
export const roundingsOf = (kind: 'member' | 'distribution', name: string): number =>
  kind === 'distribution' && /circ|moebius|sphere|cylinder|angle|torus|cauchy/i.test(name) ? 4096 : 16
