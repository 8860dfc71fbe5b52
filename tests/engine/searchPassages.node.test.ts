import 'fake-indexeddb/auto';
import { expect, it, vi } from 'vitest';
import { getExperiment } from '../../src/storage/experiments';
import { searchPassages } from '../../workers/services/evaluate/searchPassages';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { useNullBrowser } from './nullDevice';
import { prepared } from './smallRun';

useNullBrowser({ userAgent: 'node', hardwareConcurrency: 1 });

it('a search encodes the knowledge base once for each device, and says on which one it timed that', async () => {
  const { db } = await prepared({}, { passages: 30 });
  const experiment = (await getExperiment(db, 'e'))?.experiment;
  const model = experiment?.model;
  if (!model) throw new Error('no model');
  const knowledgeBase = experiment.data.find(({ role }) => role === 'knowledgeBase')?.contentSha256 ?? '';
  const progress = vi.fn();
  const search = async (device: 'wasm' | 'webgpu') => {
    progress.mockClear();
    const deps = { db, control: new RunControl(), device, wasmBaseUrl: wasmBase, progress };
    const { encoding, passages } = await searchPassages({ knowledgeBase, model, question: 'w1', relevant: [] }, deps);
    expect([passages, encoding.texts]).toEqual([30, 30]);
    return { backend: encoding.device.backend, encoded: progress.mock.calls.length > 0 };
  };
  expect(await search('wasm')).toEqual({ backend: 'wasm', encoded: true });
  expect(await search('wasm')).toEqual({ backend: 'wasm', encoded: false });
  expect(await search('webgpu')).toEqual({ backend: 'webgpu', encoded: true });
  expect(await search('webgpu')).toEqual({ backend: 'webgpu', encoded: false });
  expect(await search('wasm')).toEqual({ backend: 'wasm', encoded: true });
});
