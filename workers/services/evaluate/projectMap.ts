import { UMAP } from 'umap-js';
import type { Neighbour } from '../../../src/domain/evaluate/mapGeometry';
import { RandomStream } from '../../../src/domain/random';
import { umapNeighbours } from './mapNeighbours';

/** Neighbours of each point, itself included: UMAP's default (McInnes, Healy & Melville 2018). */
export const mapNeighbours = 15;
const minDist = 0.1;
/** Epochs between two calls of `between`. */
const epochsPerTurn = 5;

/**
 * Projects points onto a plane by UMAP, from their exact neighbours. The same neighbours and seed give the same
 * positions [n, 2]. With too few points for UMAP, they lie on a circle. `between` may throw. Before the first epoch,
 * UMAP prepares its graph in one piece (seconds for thousands of points), in which only ending the worker stops it; the
 * total is 0 until then.
 */
export async function projectMap(
  found: readonly (readonly Neighbour[])[],
  seed: number,
  between: (done: number, of: number) => Promise<void>,
): Promise<Float32Array> {
  const count = found.length;
  const neighbours = Math.min(mapNeighbours, count - 1);
  if (neighbours < 2) return onCircle(count);
  const random = new RandomStream(seed, 'map');
  const umap = new UMAP({ nComponents: 2, nNeighbors: neighbours, minDist, random: () => random.unit() });
  const { indices, distances } = umapNeighbours(found, neighbours);
  umap.setPrecomputedKNN(indices, distances);
  await between(0, 0);
  // The vectors themselves are not needed once the neighbours are known.
  const epochs = umap.initializeFit(Array.from({ length: count }, () => []));
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (epoch % epochsPerTurn === 0) await between(epoch, epochs);
    umap.step();
  }
  return Float32Array.from(umap.getEmbedding().flat());
}

function onCircle(count: number): Float32Array {
  return Float32Array.from({ length: 2 * count }, (_, i) => {
    const angle = (2 * Math.PI * Math.floor(i / 2)) / Math.max(1, count);
    return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  });
}
