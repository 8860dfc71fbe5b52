import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import { defaultExperiment } from '../../../src/domain/experiment';
import { modelCard } from '../../../workers/services/report/exportModelCard';
import type { ExportSource } from '../../../workers/services/report/exportSource';
import { runRecord } from '../storage/support';

const settings: ExportSource['settings'] = {
  contentSha256: 'm',
  pooling: 'mean',
  normalize: true,
  maxTokens: 77,
  queryPrefix: '',
  passagePrefix: '',
};

/** What differs from a plain export of a run with the default settings. */
export interface Changes {
  settings?: Partial<ExportSource['settings']>;
  model?: object;
  run?: Partial<ExportSource['run']>;
  experiment?: object;
  before?: Evaluation;
  after?: Evaluation;
  testVector?: ExportSource['testVector'];
  threshold?: ExportSource['threshold'];
  blend?: ExportSource['blend'];
}

/** Returns the model card of such an export. */
export function card(changes: Changes = {}): string {
  const { before, after, testVector = { text: '猪', values: [0.5, -1 / 3] } } = changes;
  const model = { name: 'demo', contentSha256: 'base', config: { hiddenSize: 4 }, files: {}, tensors: [] };
  return modelCard({
    model: { ...model, ...changes.model } as never,
    settings: { ...settings, ...changes.settings },
    run: runRecord('r', 'e', { experiment: { ...defaultExperiment(), ...changes.experiment }, ...changes.run }),
    ...{ before, after, testVector },
    threshold: changes.threshold,
    blend: changes.blend,
    read: () => Promise.resolve(new Float32Array()),
    readUntrained: () => new Uint8Array(),
  });
}
export const lines = (changes: Changes = {}): string[] => card(changes).split('\n');

/** Returns the lines of a section, by the English part of its heading. */
export function section(heading: string, changes: Changes = {}): string[] {
  const all = lines(changes);
  const from = all.findIndex((line) => line.startsWith('## ') && line.endsWith(` / ${heading}`));
  const length = all.slice(from + 1).findIndex((line) => line.startsWith('## '));
  return all.slice(from + 1, length < 0 ? undefined : from + 1 + length).filter((line) => line !== '');
}
