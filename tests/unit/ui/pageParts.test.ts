import { render } from 'svelte/server';
import { describe, expect, it, vi } from 'vitest';
import type { StoredModel } from '../../../src/domain/model';
import type { AppErrorDetails } from '../../../src/domain/errors';
import { ExperimentState, ImportsState } from '../state/experimentPage';
import { storedExperiment } from '../storage/support';

vi.stubGlobal('location', { hash: '' });
vi.doMock('../../../src/ui/import/HubModel.svelte', () => ({ default: () => undefined }));
const { default: ErrorPanel } = await import('../../../src/ui/common/ErrorPanel.svelte');
const { default: StorageNeed } = await import('../../../src/ui/train/StorageNeed.svelte');
const { device } = await import('../../../src/state/device.svelte');
const { default: ModelSlot } = await import('../../../src/ui/import/ModelSlot.svelte');

describe('the error panel', () => {
  const linksIn = (details: AppErrorDetails): string[] =>
    [...render(ErrorPanel, { props: { details } }).body.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href);

  it('leads to the storage page if the disk is full, and only then', () => {
    expect(linksIn({ kind: 'quota-exceeded', neededBytes: 2e9, freeBytes: 1e9 })).toEqual(['#/storage']);
    expect(linksIn({ kind: 'model-missing' })).toEqual([]);
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
  it('is compared with the free space only once that is known', () => {
    const experiment = new ExperimentState('e');
    experiment.stored = storedExperiment('e');
    const tensor = { name: 'encoder.layer.0.output.dense.weight', shape: [1e3, 1e3], offset: 0, length: 1e6 };
    experiment.model = { totalFloats: 1e6, tensors: [tensor] } as Partial<StoredModel> as StoredModel;
    const shown = (): string => render(StorageNeed, { props: { experiment } }).body.replace(/<[^>]*>/g, '');
    device.storage = null;
    expect(shown().trim()).toBe('Two checkpoints need 24.0 MB of disk space.');
    device.storage = { used: 1e9, quota: 3e9, persisted: true };
    expect(shown().trim()).toBe('Two checkpoints need 24.0 MB of disk space; 2.0 GB is free.');
  });
});
