// @ts-check
/* Mixtures of Gaussians, as the server gives them: lists of means, deviations and heights. */

const HEIGHTS = 400; // at which a slice is read for its sentence

export function shares({ means, deviations, heights }, x) {
  return heights.map((height, k) => height * Math.exp(-0.5 * ((x - means[k]) / deviations[k]) ** 2));
}

export const density = (mixture, x) => shares(mixture, x).reduce((a, b) => a + b, 0);

export function logDensity({ means, deviations, heights }, x) {
  const logs = heights.map((height, k) => Math.log(height) - 0.5 * ((x - means[k]) / deviations[k]) ** 2);
  const top = Math.max(...logs);
  return top + Math.log(logs.reduce((sum, l) => sum + Math.exp(l - top), 0));
}

/* What the sentence says of a slice: at how many heights points lie, and what one Gaussian of the
   same mean and deviation would waste on places where the mixture has next to nothing. */
export function describe(mixture) {
  const xs = Array.from({ length: HEIGHTS }, (_, i) => (i + 0.5) / HEIGHTS);
  const p = xs.map((x) => density(mixture, x));
  const top = Math.max(...p);
  const total = p.reduce((a, b) => a + b, 0);
  const mean = p.reduce((sum, v, i) => sum + v * xs[i], 0) / total;
  const deviation = Math.sqrt(p.reduce((sum, v, i) => sum + v * (xs[i] - mean) ** 2, 0) / total);
  const gauss = (x) => Math.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * Math.sqrt(2 * Math.PI));
  const useful = xs.reduce((sum, x, i) => sum + (p[i] >= 0.05 * top ? gauss(x) : 0), 0) / HEIGHTS;
  return { top, mean, deviation, gauss, humps: humps(p, top), wasted: Math.max(0, 1 - useful) };
}

/* Peaks with a dip on either side; ripples and what is below a twentieth of the highest are none. */
function humps(p, top) {
  let count = 0;
  let rising = true;
  let extreme = 0;
  for (const v of [...p, 0]) {
    if (rising && v < 0.7 * extreme) {
      if (extreme >= 0.05 * top) count++;
      rising = false;
      extreme = v;
    } else if (!rising && v > extreme / 0.7 + 0.02 * top) {
      rising = true;
      extreme = v;
    } else extreme = rising ? Math.max(extreme, v) : Math.min(extreme, v);
  }
  return count;
}
