import { render } from 'svelte/server';
import { describe, expect, it, vi } from 'vitest';
import type { AnswerAt } from '../../../src/domain/evaluate/answerAt';
import { verdictOf } from '../../../src/domain/evaluate/comparison';
import type { StoredModel } from '../../../src/domain/model';
import type { AppErrorDetails } from '../../../src/domain/errors';
import { ExperimentState, ImportsState } from '../state/experimentPage';
import { reservedBytes } from '../../../src/storage/space';
import { storedExperiment } from '../storage/support';

vi.stubGlobal('location', { hash: '' });
// Tooltips need a provider that only the whole page has.
vi.doMock('../../../src/ui/common/Tip.svelte', () => ({
  default: (renderer: unknown, { children }: { children: (renderer: unknown) => void }) => children(renderer),
}));
vi.doMock('../../../src/ui/import/HubModel.svelte', () => ({ default: () => undefined }));
const { default: ErrorPanel } = await import('../../../src/ui/common/ErrorPanel.svelte');
const { router } = await import('../../../src/state/router.svelte');
const { default: StorageNeed } = await import('../../../src/ui/train/StorageNeed.svelte');
const { default: Answer } = await import('../../../src/ui/evaluate/Answer.svelte');
const { device } = await import('../../../src/state/device.svelte');
const { default: ModelSlot } = await import('../../../src/ui/import/ModelSlot.svelte');

describe('the error panel', () => {
  const linksIn = (details: AppErrorDetails): string[] =>
    [...render(ErrorPanel, { props: { details } }).body.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href);

  it('leads to the storage page if the disk is full, and only then', () => {
    expect(linksIn({ kind: 'quota-exceeded', neededBytes: 2e9, freeBytes: 1e9 })).toEqual(['#/storage']);
    expect(linksIn({ kind: 'model-missing' })).toEqual([]);
  });

  it('has no link to the storage page on that page', () => {
    router.go({ name: 'storage' });
    expect(linksIn({ kind: 'quota-exceeded', neededBytes: 2e9, freeBytes: 1e9 })).toEqual([]);
    router.go({ name: 'home' });
  });
});

describe('the slot of the base model', () => {
  const offers = (models: Partial<StoredModel>[]): string[] => {
    const experiment = new ExperimentState('e');
    const imports = new ImportsState(experiment);
    imports.models = models as StoredModel[];
    const { body } = render(ModelSlot, { props: { experiment, imports, readOnly: false } });
    return [...body.matchAll(/<button[^>]*>(.*?)<\/button>/gs)]
      .map(([, text = '']) =>
        text
          .replace(/<[^>]*>/g, ' ')
          .replace(/\s+/g, ' ')
          .trim(),
      )
      .filter((text) => /demo/i.test(text));
  };

  it('offers the demo model once, whether it is stored or not', () => {
    expect(offers([])).toHaveLength(1);
    const stored = { contentSha256: 'd'.repeat(64), name: 'demo-zh', totalFloats: 10 };
    expect(offers([stored])).toEqual([expect.stringContaining('demo-zh')]);
  });
});

describe('the disk space that a run needs', () => {
  const experiment = new ExperimentState('e');
  experiment.stored = storedExperiment('e');
  const tensor = { name: 'encoder.layer.0.output.dense.weight', shape: [1e3, 1e3], offset: 0, length: 1e6 };
  experiment.model = { totalFloats: 1e6, tensors: [tensor] } as Partial<StoredModel> as StoredModel;
  const shown = (): string =>
    render(StorageNeed, { props: { experiment } })
      .body.replace(/<[^>]*>/g, '')
      .trim();

  it('is compared with the room for it only once that is known', () => {
    device.storage = null;
    expect(shown()).toBe('The run’s checkpoints need up to 44.0 MB of disk space.');
    device.storage = { used: 1e9, quota: 3e9 + reservedBytes, persisted: true };
    expect(shown()).toContain('up to 44.0 MB of disk space; the browser allows this page 2.0 GB more.');
  });

  it('is the number that createRun checks, so the page announces a run that would be refused', () => {
    device.storage = { used: 1e9, quota: 1e9 + 44e6 + reservedBytes, persisted: true };
    expect(shown()).toContain('allows this page 44.0 MB more.');
    device.storage = { ...device.storage, used: 1e9 + 1 };
    expect(shown()).toContain('so a run can’t start');
  });
});

/** Returns the text of the answer over 100 questions, of which 40 were right before training. */
function answerText(won: number, lost: number): string {
  const moved = { won, lost, up: 0, down: 0, same: 100 - won - lost };
  const hits = { questions: 100, hitsBefore: 40, hitsAfter: 40 + won - lost };
  const answer: AnswerAt = { k: 1, ...hits, ...moved, ...verdictOf(won, lost), gain: { low: -0.02, high: 0.05 } };
  return render(Answer, { props: { answer } }).body.replace(/<[^>]*>/g, '');
}

describe('the answer on a run', () => {
  it('says that a change may be chance, and how large it is', () => {
    expect(answerText(5, 3)).toContain('This could be chance.');
    expect(answerText(5, 3)).toContain('+2.0 percentage points');
    expect(answerText(5, 3)).toContain('95% interval −2.0 to +5.0');
  });

  it('explains nothing by chance if as many questions are right as before', () => {
    expect(answerText(3, 3)).toContain('No difference shown');
    expect(answerText(3, 3)).toContain('as many as before');
    expect(answerText(3, 3)).not.toContain('chance.');
  });
});
