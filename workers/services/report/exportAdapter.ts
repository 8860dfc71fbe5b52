import type { Experiment } from '../../../src/domain/experiment';
import type { FloatLayout, StoredTensor } from '../../../src/domain/modelTensors';
import { adapterConfig, adapterTensors, hasOwnAdapter, usesLora } from '../../../src/domain/train/lora';
import type { LoraStrategy } from '../../../src/domain/train/loraSchema';
import type { ExportReport } from '../../../src/protocol/dataApi';
import { writeSafetensors } from '../../formats/safetensors';
import type { FileInput } from '../../formats/collectFile';
import { jsonText } from './exportJson';
import type { ExportSource } from './exportSource';

type Stages = Pick<Experiment, 'stages'>;

/** Returns whether the export includes the adapters separately, or null if no stage trained with LoRA. */
export function adapterExport({ stages }: Stages, isBlend = false): ExportReport['adapter'] {
  if (isBlend) return usesLora(stages) ? 'blended' : null;
  if (hasOwnAdapter(stages)) return 'included';
  return usesLora(stages) ? 'several-stages' : null;
}

/** Returns the adapters to export: those of the only stage, because others would not fit the base model. */
export function exportedAdapters({ stages }: Stages, { tensors, totalFloats }: FloatLayout): StoredTensor[] {
  const [stage] = stages;
  return stage && hasOwnAdapter(stages) ? adapterTensors(tensors, stage, totalFloats) : [];
}

/** Returns the strategy whose adapters are exported, or null. A blend's adapters would not produce its weights. */
export function exportedLora({ run, blend }: Pick<ExportSource, 'run' | 'blend'>): LoraStrategy | null {
  const { stages } = run.experiment;
  const [stage] = stages;
  return !blend && stage?.strategy.kind === 'lora' && hasOwnAdapter(stages) ? stage.strategy : null;
}

/** Lists the files of the adapter, which peft loads onto the base model; empty if no adapter is exported separately. */
export function adapterFiles(source: ExportSource): { name: string; input: FileInput }[] {
  const { model, run, read } = source;
  const strategy = exportedLora(source);
  const tensors = exportedAdapters(run.experiment, model);
  if (!strategy) return [];
  const layers = new Set(tensors.map(({ name }) => layerOf(name)));
  return [
    {
      name: 'adapter/adapter_config.json',
      input: jsonText(adapterConfig(strategy, [...layers], model.hub?.id ?? null)),
    },
    { name: 'adapter/adapter_model.safetensors', input: writeSafetensors(tensors, read) },
  ];
}

function layerOf(name: string): number {
  return Number(/\.layer\.(\d+)\./.exec(name)?.[1]);
}
