import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSheet } from 'read-excel-file/node';
import { expect } from './support';

export interface Comparison {
  part: string;
  k: number;
  baseline: string;
  models: {
    name: string;
    kind: string;
    metrics: Record<string, { value: number; baseline: object | null }>;
    ranks: Record<string, (number | null)[]>;
    rightScores: Record<string, number | null>;
  }[];
  failures: { name: string }[];
}

/** Expects the report in all formats. The Excel file has the hit rates of the models. */
export async function expectReport(out: string, models: Comparison['models']): Promise<void> {
  const html = readFileSync(join(out, 'report.html'), 'utf8');
  expect(html).toContain('<html lang="en">');
  expect(html).not.toContain('<script');
  expect(readFileSync(join(out, 'report.md'), 'utf8')).toMatch(/^# /);
  const table = await readSheet(join(out, 'report.xlsx'), 'Metrics');
  expect(table.length).toBeGreaterThan(models.length);
  for (const { name, metrics } of models) {
    const row = table.find((cells) => cells[0] === name && cells[3] === 'hitRate@1');
    expect(row?.[5]).toBeCloseTo(metrics['hitRate@1']?.value ?? NaN, 12);
  }
}
