import { beforeEach, expect, it, vi } from 'vitest';
import { hubHosts, type HubModelId } from '../../../src/domain/import/hub';
import type { OnnxChoice } from '../../../src/domain/onnxModel';

const stored = {
  contentSha256: 'a'.repeat(64),
  graph: { path: 'onnx/model.onnx' },
  defaults: { pooling: { value: 'cls' } },
};
const read = { ...stored, contentSha256: 'b'.repeat(64) };
const calls: string[] = [];
vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    getOnnxModel: () => Promise.resolve(stored),
    data: () =>
      Promise.resolve({
        importOnnx: () => Promise.resolve(calls.push('import') && read),
        listHubOnnx: (wanted: HubModelId) => {
          const files = ['onnx/model.onnx', 'onnx/model_quantized.onnx'].map((path) => ({ path, bytes: 1 }));
          return Promise.resolve({ ...wanted, host: hubHosts.huggingface, commit: 'c'.repeat(40), files });
        },
        fetchHubOnnx: () => Promise.resolve(calls.push('fetch') && read),
      }),
  },
}));
const { InputReader } = await import('../../../src/headless/importInputs');

const quiet = (): void => undefined;
const reports = { import: quiet, download: quiet, note: quiet };
function onnxModel(location: string, choice: OnnxChoice) {
  const routes = { files: () => Promise.resolve([]) };
  const reader = new InputReader(routes as never, {} as never, { experiment: {} } as never, reports);
  return reader.onnxModel({ slot: 'model0', name: 'm', location, promised: stored.contentSha256 }, choice);
}
const differs = { details: { kind: 'experiment-invalid', path: 'model0.contentSha256' } };
const hub = 'hub:a/b@v1';

beforeEach(() => {
  calls.length = 0;
});

it('an ONNX model of a hub is taken from the profile if the stored one has its hash, graph and pooling', async () => {
  expect(await onnxModel(hub, { graph: 'onnx/model.onnx', pooling: null })).toBe(stored);
  expect(await onnxModel(hub, { graph: 'onnx/model.onnx', pooling: 'cls' })).toBe(stored);
  expect(calls).toEqual([]);
});

it.each<[string, string, OnnxChoice, string]>([
  ['another graph of a hub', hub, { graph: 'onnx/model_quantized.onnx', pooling: null }, 'fetch'],
  ['another pooling', hub, { graph: 'onnx/model.onnx', pooling: 'mean' }, 'fetch'],
  ['a folder whose files have changed', 'models/m', { graph: 'onnx/model.onnx', pooling: null }, 'import'],
])('a stored ONNX model with the stated hash does not stand in for %s', async (_what, location, choice, call) => {
  await expect(onnxModel(location, choice)).rejects.toMatchObject(differs);
  expect(calls).toEqual([call]);
});
