import { describe, expect, it } from 'vitest';
import lora from '../../fixtures/engine/lora.json';
import golden from '../../fixtures/engine/tinyBert.json';
import { defaultExperiment, defaultStage, type Stage } from '../../../src/domain/experiment';
import { defaultLora, type LoraStrategy } from '../../../src/domain/train/loraSchema';
import { collectFile } from '../../../workers/formats/collectFile';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { adapterExport, adapterFiles } from '../../../workers/services/report/exportAdapter';
import { projectFile } from '../../engine/projectFile';
import { tensorLayout } from '../../engine/tensorLayout';

const strategy: LoraStrategy = { ...defaultLora, rank: lora.rank, alpha: lora.alpha };
const stageOf = (change: Partial<Stage>): Stage => ({ ...defaultStage(), ...change });
const values: Readonly<Record<string, readonly number[]>> = lora.cases.all.trained;

function files(stages: Stage[]): ReturnType<typeof adapterFiles> {
  const experiment = { ...defaultExperiment(), stages };
  const tensors = tensorLayout(parameterShapes(golden.config));
  return adapterFiles({
    model: { tensors, totalFloats: 0 },
    run: { experiment },
    read: (name: string) => Promise.resolve(Float32Array.from(values[name] ?? [])),
  } as never);
}

async function bytes(stages: Stage[]): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const { name, input } of files(stages))
    found.set(name, new Uint8Array(await (await collectFile(input)).arrayBuffer()));
  return found;
}

describe('the exported adapter', () => {
  it('has the bytes that tools/golden/lora.py loads with peft and whose vectors it compares', async () => {
    const found = await bytes([stageOf({ strategy })]);
    expect([...found.keys()]).toEqual(['adapter/adapter_config.json', 'adapter/adapter_model.safetensors']);
    for (const [name, written] of found)
      expect(written, name).toEqual(new Uint8Array(await projectFile(`tests/fixtures/engine/${name}`)));
  });

  it('names only the layers and matrices that have adapters', async () => {
    const stage = stageOf({
      strategy: { ...strategy, matrices: ['query', 'output.dense'] },
      frozen: { embeddings: false, layers: 1 },
    });
    const config: { target_modules: string } = JSON.parse(
      new TextDecoder().decode((await bytes([stage])).get('adapter/adapter_config.json')),
    );
    const pattern = new RegExp(`^(?:${config.target_modules})$`);
    expect(pattern.test('encoder.layer.1.attention.self.query')).toBe(true);
    expect(pattern.test('encoder.layer.1.output.dense')).toBe(true);
    expect(pattern.test('encoder.layer.1.attention.output.dense')).toBe(false);
    expect(pattern.test('encoder.layer.0.output.dense')).toBe(false);
  });

  it('is left out if other stages changed the weights too, and the report says so', () => {
    const stages = [stageOf({}), stageOf({ strategy })];
    expect(files(stages)).toEqual([]);
    expect(adapterExport({ stages })).toBe('several-stages');
    expect(adapterExport({ stages: [stageOf({ strategy })] })).toBe('included');
    expect(adapterExport({ stages: [stageOf({})] })).toBeNull();
  });
});
