import type { BatchView } from '../../../src/protocol/gpuApi';
import type { Database } from '../../../src/storage/database';
import type { Stage } from '../../../src/domain/experiment';
import { batchesOfStep } from '../../../src/domain/train/batchingSchema';
import { batchTriplets, contrastOf } from '../../../src/domain/negatives/batchTriplets';
import { tripletLines, type TripletFormat } from '../../../src/domain/negatives/triplets';
import { negativesOfStages } from '../negatives/stageNegatives';
import { preparedData } from '../split/preparedData';
import { rowsOfStage } from '../../../src/domain/train/trainRows';
import { stageBatches } from './stageBatches';
import { answeringNegatives, drawnInBatch, drawOf, knownOf, negativesOf } from './stepBatch';
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
  const answers = parts.flatMap((rows) => known?.inBatch(rows) ?? rows.map(() => []));
  const answering = parts.flatMap(
    (rows) => (negatives && answeringNegatives(rows, negatives)) ?? rows.map((): number[] => []),
  );
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
    const choice = {
      ...(drawn[at] ? { drawn: drawn[at] } : {}),
      ...(answers[at]?.length ? { known: answers[at] } : {}),
      ...(answering[at]?.length ? { answering: answering[at] } : {}),
    };
    return [{ ...shown, ...choice }];
  });
  const contrast = stage ? contrastOf(stage) : 'batch';
  return { step, batchSize: first.length, contrast, masksByScore: stage !== undefined && masksByScore(stage), rows };
}

function masksByScore({ loss }: Pick<Stage, 'loss'>): boolean {
  return loss.kind === 'inBatchInfoNce' && loss.falseNegatives?.byScore !== undefined;
}

/** Characters of a file that are collected before the browser takes them over, which may put them on the disk. */
const pieceLength = 4_000_000;

/** Returns a file of a step's triplets. */
export async function exportBatch(
  db: Database,
  experimentId: string,
  step: number,
  format: TripletFormat,
): Promise<Blob> {
  const batch = await viewBatch(db, experimentId, step);
  const type = format === 'csv' ? 'text/csv' : 'application/jsonl';
  const perAnchor = Array.from(batchTriplets(batch), ({ negatives }) => negatives.length).reduce(
    (a, b) => Math.max(a, b),
    0,
  );
  const scored = batch.rows.some(({ teacherScores }) => teacherScores);
  const pieces: Blob[] = [];
  let text = '';
  for (const line of tripletLines(batchTriplets(batch), { format, perAnchor, scored })) {
    text += line;
    if (text.length < pieceLength) continue;
    pieces.push(new Blob([text]));
    text = '';
  }
  return new Blob([...pieces, text], { type });
}
