import { describe, expect, it } from 'vitest';
import { phaseNames, windowsOf } from '../../../tools/lib/killChecks.mjs';
import { RunReport } from '../../../tools/lib/runReport.mjs';
import { tempFolders } from '../../tempFolders';

const newFolder = tempFolders('recallsmith-kills-');

describe('the phases in which `npm run verify` kills a run', () => {
  /** The lines that the runner prints for a run of two stages, each at the time of its place in the list. */
  async function printedLines(): Promise<{ line: string; at: number }[]> {
    const printed: { line: string; at: number }[] = [];
    const print = (line: string): void => void printed.push({ line, at: printed.length });
    const report = new RunReport(await newFolder(), print);
    const phase = (name: string) => ({ type: 'phase', phase: name });
    const step = (number: number, stage: number) =>
      ({ type: 'step', step: number, stage, loss: 1, learningRate: 1e-4, tokens: 9, stepMs: 1 }) as const;
    report.progress({ what: 'import', done: 0, of: 2 });
    report.progress({ what: 'tokenize', done: 0, of: 2 });
    await report.add([
      { type: 'device', device: { backend: 'wasm', reason: 'wasm-chosen', threads: 2 } },
      { type: 'batchPlan', steps: 4, leftOut: [[0], [0]] },
      phase('evaluateBefore'),
      phase('train'),
      step(1, 0),
      { type: 'progress', what: 'checkpoint', done: 0, of: 2 },
      step(2, 1),
      phase('evaluateAfter'),
      phase('done'),
    ]);
    report.progress({ what: 'export', done: 0, of: 2 });
    report.note('before: …');
    return printed;
  }

  it('are found in its output, each with its beginning and end', async () => {
    const lines = await printedLines();
    const at = (start: string): number => lines.findIndex(({ line }) => line.startsWith(start));
    const windows = Object.fromEntries(phaseNames.map((name) => [name, windowsOf(name, lines, [])]));
    expect(windows).toEqual({
      import: [{ begin: at('reading files'), end: at('tokenizing') }],
      tokenize: [{ begin: at('tokenizing'), end: at('device:') }],
      evaluation: [
        { begin: at('== evaluateBefore'), end: at('== train') },
        { begin: at('== evaluateAfter'), end: at('== done') },
      ],
      training: [{ begin: at('== train'), end: at('== evaluateAfter') }],
      checkpoint: [{ begin: at('writing a checkpoint'), end: at('== stage 2 of 2') }],
      export: [{ begin: at('writing the export'), end: at('before:') }],
    });
  });
});
