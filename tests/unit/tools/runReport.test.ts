import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunReport, eventsToKeep } from '../../../tools/lib/runReport.mjs';

const step = (number: number, loss: number, seq: number) => ({
  type: 'step',
  step: number,
  loss,
  learningRate: 2e-4,
  gradientNorm: 1,
  tokens: 100,
  stepMs: 50,
  runId: 'r',
  seq,
  at: seq,
});

describe('events.jsonl', () => {
  it('has one line per step with the documented field names, and other events with their type', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'recallsmith-report-'));
    const report = new RunReport(folder, () => undefined);
    await report.begin();
    await report.add([{ type: 'phase', phase: 'train', runId: 'r', seq: 0, at: 0 }, step(1, 0.5, 1)]);
    const lines = (await readFile(join(folder, 'events.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { type: 'phase', phase: 'train', seq: 0, at: 0 },
      { step: 1, loss: 0.5, lr: 2e-4, gradientNorm: 1, tokens: 100, ms: 50 },
    ]);
  });

  it('keeps only the later line of a step that a resume repeated, and drops progress', () => {
    const events = [
      step(1, 0.5, 0),
      step(2, 0.4, 1),
      { type: 'progress' },
      { type: 'status', status: 'running' },
      step(2, 0.41, 2),
      step(3, 0.3, 3),
    ];
    expect(eventsToKeep(events).map((event) => ('loss' in event ? event.loss : undefined))).toEqual([
      0.5,
      undefined,
      0.41,
      0.3,
    ]);
  });

  it('accepts 150,000 earlier events of a resumed run in one call', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'recallsmith-report-'));
    const report = new RunReport(folder, () => undefined);
    await report.begin();
    await report.add(Array.from({ length: 150_000 }, (_, i) => step(i + 1, 0.5, i)));
    await report.finish();
    const text = await readFile(join(folder, 'events.jsonl'), 'utf8');
    expect(text.trim().split('\n')).toHaveLength(150_000);
  }, 60_000);
});
