import type { ExperimentModel, Stage } from '../../src/domain/experiment';
import { type MinedNegatives } from '../../src/domain/train/negativesSchema';
import { getExperiment, putExperiment } from '../../src/storage/experiments';
import { getModel } from '../../src/storage/models';
import { closeDevice, deviceEngine, openDevice } from '../../workers/services/device/openDevice';
import { encodeTexts } from '../../workers/services/evaluate/encodeTexts';
import { mineNegatives } from '../../workers/services/negatives/mineNegatives';
import { negativesOfStages } from '../../workers/services/negatives/stageNegatives';
import { preparedData } from '../../workers/services/split/preparedData';
import { storedTokenSet } from '../../workers/services/tokenize/storedTokenSet';
import { tokenize } from '../../workers/services/tokenize/tokenize';
import { RunControl } from '../../workers/services/train/runControl';
import { loadWeights } from '../../workers/services/train/weightTransfer';
import { wasmBase } from './environment';
import { prepared } from './smallRun';

export const mined: MinedNegatives = {
  from: 'mined',
  perAnchor: 3,
  firstRank: 60,
  lastRank: 290,
  relativeMargin: 0.001,
  pick: 'top',
};

/** Stores the small experiment with one stage that mines its negatives, and `further` stages after it. */
export async function withMined(negatives: MinedNegatives = mined, further: Partial<Stage>[] = []) {
  const { db } = await prepared({}, { passages: 300 });
  const stored = await getExperiment(db, 'e');
  const [first] = stored?.experiment.stages ?? [];
  if (!stored || !first) throw new Error('no experiment');
  const stage: Stage = { ...first, negatives };
  const stages = [stage, ...further.map((own) => ({ ...first, ...own }))];
  const experiment = { ...stored.experiment, stages };
  await putExperiment(db, { ...stored, experiment });
  const mine = (control = new RunControl(), progress: (done: number, of: number) => void = () => undefined) =>
    mineNegatives('e', undefined, { db, control, device: 'wasm', wasmBaseUrl: wasmBase, progress });
  const chosen = async () => {
    const [negatives] = await negativesOfStages(db, experiment, await preparedData(db, experiment));
    if (!negatives) throw new Error('no negatives');
    return negatives;
  };
  return { db, experiment, mine, chosen };
}

/** Returns the cosines of every anchor with every passage and with its own positive, by plain loops. */
export async function naiveScores(
  { db, experiment }: Awaited<ReturnType<typeof withMined>>,
  settings: ExperimentModel | null = experiment.model,
) {
  const model = await getModel(db, settings?.contentSha256 ?? '');
  if (!model) throw new Error('no model');
  const keys = await tokenize(db, experiment, () => undefined, settings);
  await openDevice('wasm', wasmBase);
  try {
    const parameters = await loadWeights(deviceEngine(), db, model, model, () => undefined);
    const vectors = async (key: string): Promise<Float32Array[]> => {
      const encoder = { parameters, config: model.config, pooling: 'mean' as const };
      const found = await encodeTexts(encoder, await storedTokenSet(db, key), () => Promise.resolve());
      return Array.from({ length: found.count }, (_, text) => {
        const row = new Float32Array(found.width);
        found.copyRow(text, row, 0);
        return row;
      });
    };
    const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
    const [anchors, positives, passages] = [
      await vectors(keys.anchors),
      await vectors(keys.positives),
      await vectors(keys.knowledgeBase),
    ];
    return anchors.map((anchor, row) => ({
      positive: dot(anchor, positives[row] ?? anchor),
      scores: passages.map((passage) => dot(anchor, passage)),
    }));
  } finally {
    closeDevice();
  }
}
