// Medians with their spread, and a control that tells a noisy machine.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function summary(values) {
  return {
    median: Math.round(median(values)),
    min: Math.round(Math.min(...values)),
    max: Math.round(Math.max(...values)),
  };
}

export function shown({ median: middle, min, max }) {
  return `${String(middle).padStart(6)} ms   (${min}–${max})`;
}

/** A fixed amount of work in the page; its time should be the same all along. */
export function controlLoop(page) {
  return page.evaluate(() => {
    const began = performance.now();
    let x = 1;
    for (let i = 0; i < 60_000_000; i += 1) x = (x * 48271) % 2147483647;
    return performance.now() - began + (x === 0 ? 1 : 0);
  });
}

/**
 * How far the control's time moved between the first and the last third of the
 * runs; above `limit` the machine was too busy for its figures to mean much.
 */
export function drift(times) {
  const third = Math.max(1, Math.floor(times.length / 3));
  const first = median(times.slice(0, third));
  const last = median(times.slice(-third));
  return Math.abs(last - first) / Math.min(first, last);
}
