// @ts-check
/* The noise of a seed, as the server draws it: torch.randn of a generator on the CPU. */

/* The Mersenne twister: 32 bits at each call (Matsumoto and Nishimura, 1998). */
export function twister(seed) {
  const N = 624;
  const M = 397;
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let j = 1; j < N; j++) {
    state[j] = Math.imul(1812433253, state[j - 1] ^ (state[j - 1] >>> 30)) + j;
  }
  let next = N;
  return () => {
    if (next === N) {
      for (let j = 0; j < N; j++) {
        const y = (state[j] & 0x80000000) | (state[(j + 1) % N] & 0x7fffffff);
        state[j] = state[(j + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      next = 0;
    }
    let y = state[next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

const BLOCK = 16;

/* n standard normal numbers, n at least 16 (fewer are drawn in another way): by Box and Muller, in
   blocks of which the one half gives the lengths and the other the angles. What is left at the end is
   a block of its own, which overlaps the one before. */
export function normals(seed, n) {
  if (n < BLOCK) throw new Error(`Noise of ${n} numbers is not drawn in blocks.`);
  const bits = twister(seed);
  const uniform = () => (bits() & 0xffffff) / 2 ** 24;
  const x = Float32Array.from({ length: n }, uniform);
  const turn = (start) => {
    for (let k = start; k < start + BLOCK / 2; k++) {
      const length = Math.sqrt(-2 * Math.log(1 - x[k]));
      const angle = 2 * Math.PI * x[k + BLOCK / 2];
      x[k] = length * Math.cos(angle);
      x[k + BLOCK / 2] = length * Math.sin(angle);
    }
  };
  for (let start = 0; start + BLOCK <= n; start += BLOCK) turn(start);
  if (n % BLOCK) {
    for (let k = n - BLOCK; k < n; k++) x[k] = uniform();
    turn(n - BLOCK);
  }
  return x;
}
