import type { LossAndGradients, TrainingStep } from '../trainingStep';
import type { TextRows } from './attention';
import { embeddingBackward, embeddingForward } from './embedding';
import { infoNce } from './infoNce';
import { layerBackward, layerForward, type LayerSaved } from './layer';
import { addScaledRow, blockOf, zeros, type Matrix } from './matrix';

/**
 * Computes the loss and gradients of a training step in double precision, without any library. Devices are checked
 * against it. It is slow, because it follows the equations line by line. `between` is called after each layer with the
 * share of the work that is done, and may throw to stop.
 */
export async function float64Step(
  step: TrainingStep,
  between: (share: number) => Promise<void> = () => Promise.resolve(),
): Promise<LossAndGradients> {
  const { layers } = step.config;
  const all = [...step.anchors, ...step.positives];
  const ids = all.flat();
  const texts = rowsOf(all);
  const context = { step, texts };
  const embedded = embeddingForward(ids, context);
  const saved: LayerSaved[] = [];
  let hidden = embedded.y; // [T, H]
  for (let layer = 0; layer < layers; layer++) {
    const result = layerForward(hidden, layer, context);
    saved.push(result.saved);
    hidden = result.y;
    await between((layer + 1) / (3 * layers)); // the backward pass takes twice as long
  }
  const pairs = step.anchors.length;
  const vectors = meanOf(hidden, texts); // [2B, H]
  const [anchors, positives] = [0, pairs].map((first) => blockOf(vectors, first, pairs, 0, vectors.columns));
  const loss = infoNce(anchors ?? vectors, positives ?? vectors, step.temperature);
  const gradients = new Map<string, Float64Array>();
  let dy = meanBackward([loss.anchors, loss.positives], texts, hidden.rows); // [T, H]
  for (let layer = layers - 1; layer >= 0; layer--) {
    const kept = saved.pop();
    if (!kept) break;
    dy = layerBackward(dy, kept, layer, context, gradients);
    await between(1 - (2 * layer) / (3 * layers));
  }
  embeddingBackward(dy, ids, embedded.saved, context, gradients);
  return { loss: loss.loss, gradients };
}

function rowsOf(texts: readonly (readonly number[])[]): TextRows {
  let first = 0;
  return texts.map(({ length }) => {
    first += length;
    return { first: first - length, rows: length };
  });
}

/** Returns the mean of each text's rows, [texts, H]. */
function meanOf(hidden: Matrix, texts: TextRows): Matrix {
  const means = zeros(texts.length, hidden.columns);
  texts.forEach(({ first, rows }, text) => {
    for (let row = first; row < first + rows; row++) addScaledRow(means, text, hidden, row, 1 / rows);
  });
  return means;
}

function meanBackward([anchors, positives]: readonly [Matrix, Matrix], texts: TextRows, rows: number): Matrix {
  const dHidden = zeros(rows, anchors.columns);
  texts.forEach(({ first, rows: length }, text) => {
    const [d, at] = text < anchors.rows ? [anchors, text] : [positives, text - anchors.rows];
    for (let row = first; row < first + length; row++) addScaledRow(dHidden, row, d, at, 1 / length);
  });
  return dHidden;
}
