import type { TokenSetName } from './tokenSets';

/** Text lengths of one token set, in tokens. */
export interface LengthSummary {
  name: TokenSetName;
  texts: number;
  truncated: number;
  median: number;
  p95: number;
  longest: number;
  bins: number[];
  binWidth: number;
}

/**
 * Maximum number of histogram bins. Chosen, not measured: with more, the bars would be too thin on a phone; with fewer,
 * the shape would be lost. Because widths are powers of two, a histogram has 25 to 48 bins unless texts are short, and
 * lengths of up to 512 tokens get bins of at most 16.
 */
const maxBins = 48;

/** Returns quantiles of the text lengths and a histogram of at most 48 bins, whose width is a power of two. */
export function summarizeLengths(name: TokenSetName, lengths: Int32Array, truncated: number): LengthSummary {
  const sorted = lengths.slice().sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const longest = sorted[sorted.length - 1] ?? 0;
  let binWidth = 1;
  while ((longest + 1) / binWidth > maxBins) binWidth *= 2;
  const bins = new Array<number>(Math.max(1, Math.ceil((longest + 1) / binWidth))).fill(0);
  for (const length of lengths) {
    const bin = Math.floor(length / binWidth);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return { name, texts: lengths.length, truncated, median: at(0.5), p95: at(0.95), longest, bins, binWidth };
}
