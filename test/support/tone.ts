/** Power of one frequency among samples (Goertzel's algorithm, Hann window), without a unit. */
function powerAt(samples: Float32Array, hertz: number, rate: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hertz) / rate);
  let [before, last] = [0, 0];
  samples.forEach((sample, at) => {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / (samples.length - 1));
    [before, last] = [last, sample * window + turn * last - before];
  });
  return last * last + before * before - turn * last * before;
}

/** Frequencies that are told apart. */
const CANDIDATES = [220, 330, 440, 550, 660, 800, 900, 1000, 1100, 1200, 1500, 2000, 3000];

/**
 * The loudest of some frequencies in a recording, in Hz; 0 for silence.
 * @param samples  of one channel.
 */
export function loudestTone(samples: Float32Array, rate: number): number {
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
  if (energy / samples.length < 1e-6) {
    return 0;
  }
  const powers = CANDIDATES.map((hertz) => powerAt(samples, hertz, rate));
  return CANDIDATES[powers.indexOf(Math.max(...powers))] ?? 0;
}
