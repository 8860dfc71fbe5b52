import type { Prefix } from './lossSchema';
import { prefixWeights } from './settingRanges';

const maxPrefixes = 16;

/** Formats prefixes for the form: "768, 256:0.5", with a weight only if it isn't 1. */
export function prefixText(prefixes: readonly Prefix[]): string {
  return prefixes.map(({ dimension, weight }) => (weight === 1 ? `${dimension}` : `${dimension}:${weight}`)).join(', ');
}

/**
 * Reads prefixes as typed: dimensions, each with an optional weight, separated by commas. Returns null if one is not a
 * dimension from 1 to `largest`, repeats another, has a weight out of range, or if there are more than 16.
 */
export function readPrefixes(text: string, largest: number): Prefix[] | null {
  const parts = text.split(/[,，、;；\s]+/).filter((part) => part !== '');
  if (parts.length > maxPrefixes) return null;
  const prefixes: Prefix[] = [];
  for (const part of parts) {
    const match = /^(\d{1,6})(?:[:：](\d*\.?\d+))?$/.exec(part);
    const dimension = Number(match?.[1]);
    const weight = match?.[2] === undefined ? 1 : Number(match[2]);
    const { low, high } = prefixWeights;
    const valid = dimension >= 1 && dimension <= largest && weight >= low && weight <= high;
    if (!valid || prefixes.some((prefix) => prefix.dimension === dimension)) return null;
    prefixes.push({ dimension, weight });
  }
  return prefixes;
}
