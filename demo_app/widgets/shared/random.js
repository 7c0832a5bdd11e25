// @ts-check
/* Random numbers that are functions of a seed. */

/* A seeded generator of numbers in [0, 1) (a 32-bit counter through an avalanche hash). */
export function random(seed) {
  let counter = seed >>> 0;
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0;
    let h = counter;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
  };
}

/* n draws of a standard normal (Box and Muller), a function of the seed. */
export function normals(seed, n) {
  const uniform = random(seed);
  const draw = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return Array.from({ length: n }, draw);
}

export const newSeed = () => crypto.getRandomValues(new Uint16Array(1))[0];
export const MAX_SEED = 2 ** 31 - 1;
export const isSeed = (value) => Number.isInteger(value) && value >= 0 && value <= MAX_SEED;
