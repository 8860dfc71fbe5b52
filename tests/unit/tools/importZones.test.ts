import { describe, expect, it } from 'vitest';
import { forbiddenImport } from '../../../tools/lint/importZones';

describe('the import rule', () => {
  it('lets a zone import itself and the zones and packages in its row of the table', () => {
    expect(forbiddenImport('src/domain/split/splitData.ts', '../random')).toBeNull();
    expect(forbiddenImport('workers/services/train/trainModel.ts', '../../engine/device')).toBeNull();
    expect(forbiddenImport('src/domain/experiment.ts', 'valibot')).toBeNull();
    expect(forbiddenImport('workers/services/report/exportModel.ts', '@huggingface/transformers')).toBeNull();
    expect(forbiddenImport('workers/reference/tfjs/tfjsStep.ts', '@tensorflow/tfjs-core')).toBeNull();
    expect(forbiddenImport('workers/services/deviceCheck/checkDevice.ts', '../../reference/trainingStep')).toBeNull();
    expect(forbiddenImport('workers/losses/angle.ts', '@tensorflow/tfjs-core')).toBeNull();
    expect(forbiddenImport('workers/services/train/openLoss.ts', '../../losses/vectorLossOf')).toBeNull();
  });

  it.each([
    ['src/domain/run.ts', '../storage/runs'],
    ['src/domain/run.ts', 'svelte'],
    ['src/ui/train/Train.svelte', '../../storage/runs'],
    ['src/ui/train/Train.svelte', '../../clients/gpuClient'],
    ['src/state/run.svelte.ts', '../ui/i18n'],
    ['workers/engine/device.ts', '../services/train/trainModel'],
    ['workers/engine/device.ts', '@tensorflow/tfjs-core/dist/tensor'],
    ['workers/engine/device.ts', '../reference/trainingStep'],
    ['workers/services/deviceCheck/checkDevice.ts', '@tensorflow/tfjs-core'],
    ['workers/losses/angle.ts', '../engine/losses/loss'],
    ['workers/reference/tfjs/tfjsStep.ts', '../../losses/gradients'],
    ['workers/reference/float64/float64Step.ts', '../../services/deviceCheck/checkStep'],
    ['workers/gpu.worker.ts', '../src/storage/database'],
    ['workers/formats/onnx/writer.ts', '../../engine/device'],
    ['src/clients/gpuClient.ts', '../../workers/services/train/trainModel'],
    ['src/storage/runs.ts', 'comlink'],
    ['src/state/run.svelte.ts', '@tensorflow/tfjs'],
  ])('refuses an import in %s of %s', (path, specifier) => {
    expect(forbiddenImport(path, specifier)).toMatch(/may not import/);
  });

  it('resolves relative paths before deciding', () => {
    expect(forbiddenImport('src/ui/common/Icon.svelte', '../../domain/../storage/runs')).toMatch(/storage/);
    expect(forbiddenImport('src/state/a.ts', './../state/b')).toBeNull();
  });

  it('refuses a package whose name only starts like an allowed one', () => {
    expect(forbiddenImport('src/storage/runs.ts', 'idb-keyval')).toMatch(/idb-keyval/);
    expect(forbiddenImport('src/storage/runs.ts', 'idb/with-async-ittr')).toBeNull();
  });

  it('lets screens import types of the protocol but not its code', () => {
    expect(forbiddenImport('src/ui/report/Export.svelte', '../../protocol/dataApi', true)).toBeNull();
    expect(forbiddenImport('src/ui/report/Export.svelte', '../../protocol/dataApi', false)).toMatch(/protocol/);
  });

  it('refuses imports of files outside all zones, but lets tests import anything', () => {
    expect(forbiddenImport('src/main.ts', '../tools/lib/server')).toMatch(/no zone/);
    expect(forbiddenImport('tests/unit/a.test.ts', '../../src/storage/runs')).toBeNull();
  });
});
