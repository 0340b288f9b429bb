/**
 * How many times float32's roundings what the laws allow may be on a graphics card. Its exponentials and logarithms may be off by a few of them; of sines,
 * cosines and arc tangents, by which circles and spheres are parametrized, Vulkan and with it SwiftShader promise 2^-11, which is 4096 of 2^-23.
 */
export const roundingsOf = (member: string): number => (/circ|moebius|sphere|cylinder|angle|torus/i.test(member) ? 4096 : 16)
