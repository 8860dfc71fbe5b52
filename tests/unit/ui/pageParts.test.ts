import { render } from 'svelte/server';
import { describe, expect, it, vi } from 'vitest';
import { verdictOf, type Comparison } from '../../../src/domain/evaluate/comparison';
import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
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
const { default: Verdict } = await import('../../../src/ui/evaluate/Verdict.svelte');
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

  it('is what createRun asks for, so the page announces a run that would be refused', () => {
    device.storage = { used: 1e9, quota: 1e9 + 44e6 + reservedBytes, persisted: true };
    expect(shown()).toContain('allows this page 44.0 MB more.');
    device.storage = { ...device.storage, used: 1e9 + 1 };
    expect(shown()).toContain('so a run can’t start');
  });
});

/** Returns the verdict's heading over `questions` questions, of which `hits` were right before training. */
function heading(won: number, lost: number, questions = 100, hits = 40): string {
  const evaluation = (right: number): Partial<Evaluation> => ({ hitRateAtK: { 1: right / questions } });
  const changes = (count: number): Comparison['won'] =>
    Array.from({ length: count }, (_, i) => ({ questionId: `q${i}`, rankBefore: 1, rankAfter: 1 }));
  const comparison: Partial<Comparison> = { won: changes(won), lost: changes(lost), ...verdictOf(won, lost) };
  const props = {
    before: evaluation(hits) as Evaluation,
    after: evaluation(hits + won - lost) as Evaluation,
    comparison: comparison as Comparison,
    k: 1,
  };
  const [, title = ''] = /<h1[^>]*>(.*?)<\/h1>/s.exec(render(Verdict, { props }).body) ?? [];
  return title.replace(/<[^>]*>/g, '');
}

describe('the verdict on a run', () => {
  it('says that a change may be chance, and how large it is', () => {
    expect(heading(5, 3)).toContain('The change of +2.0 points could be chance.');
  });

  it('explains nothing by chance if the hit rate did not change, or by less than it shows', () => {
    expect(heading(3, 3)).toContain('no difference shown');
    expect(heading(3, 3)).not.toContain('chance.');
    expect(heading(2, 1, 5000, 2000)).not.toContain('chance.');
  });
});
