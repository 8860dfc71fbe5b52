import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';

vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
vi.mock('../../../src/state/gateway', () => ({
  baseUrl: 'http://127.0.0.1/',
  gateway: {
    data: () =>
      Promise.resolve({
        importDataset: ([file]: File[]) =>
          file?.name === 'bad.docx'
            ? Promise.reject(
                new AppError({ kind: 'import-failed', file: file.name, fault: 'wrong-type', fileType: 'word' }),
              )
            : Promise.resolve({ dataset: { contentSha256: 'a' }, rejected: [], rejectedCount: 0, ignoredCount: 0 }),
      }),
  },
}));
const { app } = await import('../../../src/state/app.svelte');
const { ImportsState } = await import('../../../src/state/imports.svelte');
const { ExperimentState } = await import('../../../src/state/experiment.svelte');

const take = (name: string) => {
  const imports = new ImportsState(new ExperimentState('e'));
  return app.attempt(() => imports.importFiles('pairs', [new File(['x'], name)]));
};
beforeEach(() => (app.error = null));

describe('the error of a refused file', () => {
  it('stays until another file is accepted', async () => {
    await take('bad.docx');
    expect(app.error).toMatchObject({ file: 'bad.docx' });
    await take('bad.docx');
    expect(app.error).toMatchObject({ file: 'bad.docx' });
    await take('good.jsonl');
    expect(app.error).toBeNull();
  });

  it('and that about lost content are the only ones that an accepted file removes', async () => {
    app.report(new AppError({ kind: 'gpu-unavailable', reason: 'x' }));
    await take('good.jsonl');
    expect(app.error).toMatchObject({ kind: 'gpu-unavailable' });
    app.report(new AppError({ kind: 'storage-failed', reason: 'x' }));
    await take('good.jsonl');
    expect(app.error).toMatchObject({ kind: 'storage-failed' });
    app.report(new AppError({ kind: 'storage-failed', reason: own('rows-missing', 2, 'a') }));
    await take('good.jsonl');
    expect(app.error).toBeNull();
  });
});

describe('an error', () => {
  it('about something done on a screen disappears when that screen is left', () => {
    app.report(new AppError({ kind: 'run-elsewhere', runId: 'r' }));
    app.screenLeft();
    expect(app.error).toBeNull();
  });

  it('disappears when a part of the screen shows the same one, and only then', () => {
    const full = { kind: 'quota-exceeded', neededBytes: 55, freeBytes: 2 } as const;
    app.report(new AppError(full));
    app.shownElsewhere({ ...full, freeBytes: 3 });
    expect(app.error).toEqual(full);
    app.shownElsewhere({ ...full });
    expect(app.error).toBeNull();
  });

  it.each([
    { kind: 'storage-failed', reason: 'x' },
    { kind: 'worker-crashed', worker: 'gpu', reason: 'x' },
    { kind: 'quota-exceeded' },
  ] as const)('that concerns more than one screen stays until it is dismissed: $kind', (details) => {
    app.report(new AppError(details));
    app.screenLeft();
    expect(app.error).toEqual(details);
  });

  it('disappears when a run starts, unless storage failed', () => {
    app.report(new AppError({ kind: 'worker-crashed', worker: 'gpu', reason: 'x' }));
    app.runStarted();
    expect(app.error).toBeNull();
    app.report(new AppError({ kind: 'storage-failed', reason: 'x' }));
    app.runStarted();
    expect(app.error).not.toBeNull();
  });
});

describe('a notice', () => {
  it('replaces the one with the same text, but not one that offers an undo', () => {
    vi.useFakeTimers();
    const undo = () => undefined;
    app.notify('Deleted', undo);
    for (let i = 0; i < 2; i++) app.notify('Everything in the file is here already.');
    app.notify('Deleted', undo);
    expect(app.notices.map(({ text }) => text)).toEqual([
      'Deleted',
      'Everything in the file is here already.',
      'Deleted',
    ]);
    vi.advanceTimersByTime(60_000);
    expect(app.notices).toEqual([]);
    vi.useRealTimers();
  });
});
