import type { Neighbour } from '../../../src/domain/evaluate/mapGeometry';
import type { Engine } from '../../engine/engine';
import { maxQuestionsPerSearch, search } from '../../engine/retrieval/search';
import { pickedVectors, type Vectors } from '../../engine/retrieval/vectors';

/** Finds the `k` nearest vectors of each of `from` among `among`, exactly. GPU→CPU sync per group of vectors. */
export async function nearestVectors(
  engine: Engine,
  from: Vectors,
  among: Vectors,
  { k, between }: { k: number; between: (done: number, of: number) => Promise<void> },
): Promise<Neighbour[][]> {
  const found: Neighbour[][] = [];
  for (let first = 0; first < from.count; first += maxQuestionsPerSearch) {
    const count = Math.min(maxQuestionsPerSearch, from.count - first);
    const queries = pickedVectors(from, count, (row) => first + row);
    const targets = Array.from({ length: count }, () => []);
    const results = await search(engine, { queries, passages: among, targets, k }, (done, of) =>
      between(first + (count * done) / of, from.count),
    );
    for (const { top } of results) found.push(top.map(({ passage, score }) => ({ point: passage, cosine: score })));
  }
  return found;
}

/**
 * Returns the neighbours of each point as UMAP expects them: the point itself first, at distance 0, then the nearest
 * others by cosine distance. Equal vectors may push a point out of its own list, so it is put there.
 */
export function umapNeighbours(
  found: readonly (readonly Neighbour[])[],
  k: number,
): { indices: number[][]; distances: number[][] } {
  const others = found.map((own, point) => own.filter((one) => one.point !== point).slice(0, k - 1));
  return {
    indices: others.map((own, point) => [point, ...own.map((one) => one.point)]),
    distances: others.map((own) => [0, ...own.map(({ cosine }) => Math.max(0, 1 - cosine))]),
  };
}
