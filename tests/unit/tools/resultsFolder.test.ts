import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ResultsFolder, unfinishedFolder } from '../../../tools/lib/resultsFolder.mjs';
import { tempFolders } from '../../tempFolders';

const metricsOf = (files: string[], run = 'a') => ({
  experimentHash: 'h',
  weightsSha256: run,
  export: { files: files.map((path) => ({ path, bytes: 1 })) },
});
const event = '{"type":"status","status":"running","seq":0,"at":1}\n';

const newFolder = tempFolders('recallsmith-results-');
const text = (...path: string[]) => readFileSync(join(...path), 'utf8');

/** Writes the files that a run leaves before its results are complete. */
async function writeRun(results: ResultsFolder, run: string): Promise<void> {
  await writeFile(join(results.unfinished, 'events.jsonl'), event);
  await mkdir(join(results.exportFolder, 'onnx'), { recursive: true });
  await writeFile(join(results.exportFolder, 'onnx/model.onnx'), run);
}

async function finishedRun(out: string, run: string): Promise<void> {
  const results = await ResultsFolder.open(out);
  await writeRun(results, run);
  await results.finish(metricsOf(['onnx/model.onnx'], run));
  await results.close();
}

describe('the folder of the results', () => {
  it('keeps earlier results until those of a new run are complete', async () => {
    const out = await newFolder();
    await finishedRun(out, 'first');
    const failing = await ResultsFolder.open(out);
    await writeRun(failing, 'second');
    await failing.close();
    expect(JSON.parse(text(out, 'metrics.json'))).toMatchObject({ weightsSha256: 'first' });
    expect(text(out, 'export/onnx/model.onnx')).toBe('first');
    // Only the events of the failed run are left.
    expect(await readdir(join(out, unfinishedFolder))).toEqual(['events.jsonl']);
    await finishedRun(out, 'third');
    expect(JSON.parse(text(out, 'metrics.json'))).toMatchObject({ weightsSha256: 'third' });
    expect(text(out, 'export/onnx/model.onnx')).toBe('third');
    expect((await readdir(out)).sort()).toEqual(['events.jsonl', 'export', 'metrics.json']);
  });

  it.each([
    ['export/index.js', 'export'],
    ['metrics.json', 'metrics.json'],
    ['events.jsonl', 'events.jsonl'],
  ])('refuses to replace a file %s that the runner did not write', async (path, name) => {
    const out = await newFolder();
    await mkdir(join(out, 'export'));
    await writeFile(join(out, path), '{"mine": true}\n');
    await expect(ResultsFolder.open(out)).rejects.toThrow(`would replace ${name}`);
    expect(text(out, path)).toBe('{"mine": true}\n');
    expect(existsSync(join(out, unfinishedFolder))).toBe(false);
  });

  it('is not replaced if a file was added to its export, even during the run', async () => {
    const out = await newFolder();
    await finishedRun(out, 'first');
    const results = await ResultsFolder.open(out);
    await writeRun(results, 'second');
    await writeFile(join(out, 'export/onnx/notes.txt'), 'mine');
    await expect(results.finish(metricsOf(['onnx/model.onnx'], 'second'))).rejects.toThrow('export/onnx/notes.txt');
    await results.close();
    expect(text(out, 'export/onnx/notes.txt')).toBe('mine');
    expect(text(out, 'export/onnx/model.onnx')).toBe('first');
    await expect(ResultsFolder.open(out)).rejects.toThrow('export/onnx/notes.txt');
  });

  it('cannot be opened by a second command, which changes nothing in it', async () => {
    const out = await newFolder();
    const first = await ResultsFolder.open(out);
    await writeRun(first, 'first');
    await expect(ResultsFolder.open(out)).rejects.toThrow('Another command is writing its results');
    expect(text(first.unfinished, 'events.jsonl')).toBe(event);
    await first.close();
    await (await ResultsFolder.open(out)).close();
  });

  it('finishes a replacement that a kill interrupted', async () => {
    const out = await newFolder();
    await finishedRun(out, 'first');
    // The state after the old metrics.json was moved away and the new export was put in place.
    const unfinished = join(out, unfinishedFolder);
    await mkdir(join(unfinished, 'previous/export'), { recursive: true });
    await rename(join(out, 'metrics.json'), join(unfinished, 'previous/metrics.json'));
    await writeFile(join(unfinished, 'metrics.json'), JSON.stringify(metricsOf(['onnx/model.onnx'], 'second')));
    await writeFile(join(unfinished, 'events.jsonl'), event);
    await writeFile(join(out, 'export/onnx/model.onnx'), 'second');
    await (await ResultsFolder.open(out)).close();
    expect(JSON.parse(text(out, 'metrics.json'))).toMatchObject({ weightsSha256: 'second' });
    expect(existsSync(unfinished)).toBe(false);
  });

  it.each([
    ['the report', ['report.html']],
    ['every result', ['report.html', 'metrics.json']],
  ])('keeps a new report if a kill came after %s was moved', async (_what, moved) => {
    const out = await newFolder();
    const unfinished = join(out, unfinishedFolder);
    await mkdir(join(unfinished, 'previous'), { recursive: true });
    await writeFile(join(unfinished, 'previous/report.html'), 'first');
    await writeFile(join(unfinished, 'previous/metrics.json'), JSON.stringify({ command: 'evaluate' }));
    const report = { 'report.html': createHash('sha256').update('second').digest('hex') };
    const written = { 'report.html': 'second', 'metrics.json': JSON.stringify({ command: 'evaluate', report }) };
    for (const [name, content] of Object.entries(written))
      await writeFile(join(moved.includes(name) ? out : unfinished, name), content);
    await (await ResultsFolder.open(out, 'evaluate')).close();
    expect(text(out, 'report.html')).toBe('second');
    expect(JSON.parse(text(out, 'metrics.json'))).toMatchObject({ report });
    expect(existsSync(unfinished)).toBe(false);
  });

  it('puts away a report that the new results do not have', async () => {
    const out = await newFolder();
    const first = await ResultsFolder.open(out, 'evaluate');
    await writeFile(join(first.unfinished, 'report.html'), 'first');
    await first.finish({ command: 'evaluate' });
    await first.close();
    const second = await ResultsFolder.open(out, 'evaluate');
    await second.finish({ command: 'evaluate' });
    await second.close();
    expect(await readdir(out)).toEqual(['metrics.json']);
  });

  it('replaces the results of a sweep, which has no weights', async () => {
    const out = await newFolder();
    const sweep = await ResultsFolder.open(out);
    await writeFile(join(sweep.unfinished, 'events.jsonl'), event);
    await mkdir(sweep.exportFolder, { recursive: true });
    await writeFile(join(sweep.exportFolder, 'sweep.csv'), 'seed');
    const table = { runs: [], rows: [] };
    await sweep.finish({ experimentHash: 'h', sweep: table, export: { files: [{ path: 'sweep.csv', bytes: 4 }] } });
    await sweep.close();
    expect(text(out, 'export/sweep.csv')).toBe('seed');
    await finishedRun(out, 'next');
    expect(await readdir(join(out, 'export'))).toEqual(['onnx']);
  });

  it('keeps the report of earlier results until those of a new evaluation are complete', async () => {
    const out = await newFolder();
    const write = async (words: string): Promise<ResultsFolder> => {
      const results = await ResultsFolder.open(out, 'evaluate');
      await writeFile(join(results.folders.reportFolder, 'report.html'), words);
      return results;
    };
    const first = await write('first');
    await first.finish({ command: 'evaluate' });
    await first.close();
    await (await write('second')).close();
    expect(text(out, 'report.html')).toBe('first');
    expect((await readdir(out)).sort()).toEqual(['metrics.json', 'report.html']);
    const third = await write('third');
    await third.finish({ command: 'evaluate' });
    await third.close();
    expect(text(out, 'report.html')).toBe('third');

    // Another command did not write these results, so it does not replace them.
    await expect(ResultsFolder.open(out, 'compare')).rejects.toThrow('would replace metrics.json');
    await expect(ResultsFolder.open(out)).rejects.toThrow('would replace metrics.json');
    await writeFile(join(out, 'report.html'), 'mine');
    await expect(ResultsFolder.open(out, 'evaluate')).rejects.toThrow('report.html, which was changed since');
    expect(text(out, 'report.html')).toBe('mine');
  });

  it('refuses to replace a report that the runner did not write', async () => {
    const out = await newFolder();
    await finishedRun(out, 'first');
    await writeFile(join(out, 'report.md'), 'mine');
    await expect(ResultsFolder.open(out)).rejects.toThrow('would replace report.md, which it did not write');
    expect(text(out, 'report.md')).toBe('mine');
  });
});
