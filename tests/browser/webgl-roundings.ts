/**
 * How many times float32's roundings what the laws allow may be on a graphics card. Its exponentials and logarithms may be off by a few of them. Sines and
 * cosines, by which circles and spheres are parametrized and heavy tails are drawn, are off by 1,600 in software (1.9e-4, laws.test.ts): 4096, or 2^-11, leave room for what a map makes of that.
 */
export const roundingsOf = (member: string): number => (/circ|moebius|sphere|cylinder|angle|torus|cauchy/i.test(member) ? 4096 : 16)
