import type { BatchView } from '../../../src/protocol/gpuApi';
import type { Database } from '../../../src/storage/database';
import { batchesOfStep } from '../../../src/domain/train/batchingSchema';
import { negativesOfStages } from '../negatives/stageNegatives';
import { preparedData } from '../split/preparedData';
import { rowsOfStage } from '../../../src/domain/train/trainRows';
import { stageBatches } from './stageBatches';
import { drawnInBatch, drawOf, knownOf, negativesOf } from './stepBatch';
import { storedExperiment } from './storedExperiment';
import { scoresOfData, scoresOfRows } from './teacherScores';

/** Returns the texts of one step. They depend only on data, batching and seed, so no run is needed. */
export async function viewBatch(db: Database, experimentId: string, step: number): Promise<BatchView> {
  const experiment = await storedExperiment(db, experimentId);
  const data = await preparedData(db, experiment);
  const steps = (await stageBatches(db, experiment, data)).flatMap((batches, stage) =>
    batches.map((batch, stepOfStage) => ({ batch, stage, stepOfStage })),
  );
  const { batch = [], stage: stageIndex = 0, stepOfStage = 0 } = steps[step] ?? {};
  const stage = experiment.stages[stageIndex];
  const parts = stage ? batchesOfStep(batch, stage.batching) : [];
  const [first = batch] = parts;
  const negatives = (await negativesOfStages(db, experiment, data))[stageIndex];
  const known = stage && knownOf(stage, data.pairs);
  const drawn = parts.flatMap((rows, part) => {
    const place = { seed: experiment.seed, stageIndex, batch: stepOfStage * parts.length + part };
    return (stage && drawnInBatch(rows, { negatives, known, draw: drawOf(stage, place) })) ?? [];
  });
  const trained = rowsOfStage(stage ?? {}, data);
  const taught = scoresOfData(experiment, stageIndex, data.pairs, negatives);
  const rows = batch.flatMap((row, at) => {
    const pair = trained[row];
    const own = negatives ? negativesOf([row], negatives).map((index) => negatives.pool[index] ?? '') : [];
    if (!pair) return [];
    const { id: pairId, anchor, positive, score } = pair;
    const teacherScores = taught && Array.from(scoresOfRows(taught, [row]).values);
    const shown = {
      ...{ pairId, anchor, positive, negatives: own },
      ...(teacherScores ? { teacherScores } : {}),
      ...(score === undefined ? {} : { score }),
    };
    return [drawn[at] ? { ...shown, drawn: drawn[at] } : shown];
  });
  return { step, batchSize: first.length, rows };
}
