/** Positions of points on the map: [n, 2], x and y of each in turn. */
export type Positions = Float32Array;

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Returns the smallest box around all points; a box of size 0 around (0, 0) if there are none. */
export function boundsOf(positions: Positions): Box {
  if (positions.length === 0) return { left: 0, top: 0, right: 0, bottom: 0 };
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (let i = 0; i < positions.length; i += 2) {
    const [x = 0, y = 0] = [positions[i], positions[i + 1]];
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
}

/** Whether a point lies inside a closed polygon [m, 2], by the even-odd rule (Shimrat 1962). */
export function isInside(x: number, y: number, polygon: readonly (readonly [number, number])[]): boolean {
  let inside = false;
  polygon.forEach(([x1, y1], i) => {
    const [x2, y2] = polygon[(i + 1) % polygon.length] ?? [x1, y1];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}

/** Returns the points inside a polygon. */
export function pointsInside(positions: Positions, polygon: readonly (readonly [number, number])[]): number[] {
  const box = boundsOf(Float32Array.from(polygon.flat()));
  return pointsInBox(positions, box).filter((point) =>
    isInside(positions[2 * point] ?? 0, positions[2 * point + 1] ?? 0, polygon),
  );
}

/** Returns the points in a box, its edges included. */
export function pointsInBox(positions: Positions, { left, top, right, bottom }: Box): number[] {
  const found: number[] = [];
  for (let point = 0; point < positions.length / 2; point++) {
    const [x = 0, y = 0] = [positions[2 * point], positions[2 * point + 1]];
    if (x >= left && x <= right && y >= top && y <= bottom) found.push(point);
  }
  return found;
}

/** Returns the point nearest to a place, within `reach`; of equally near ones the last, which is drawn on top. */
export function nearestPoint(positions: Positions, x: number, y: number, reach: number): number | null {
  let best: number | null = null;
  let least = reach * reach;
  for (let point = 0; point < positions.length / 2; point++) {
    const distance = ((positions[2 * point] ?? 0) - x) ** 2 + ((positions[2 * point + 1] ?? 0) - y) ** 2;
    if (distance <= least) [best, least] = [point, distance];
  }
  return best;
}

/** A neighbour of a point, with its cosine. */
export interface Neighbour {
  point: number;
  cosine: number;
}

/** Distance that is added to every neighbour's, so that equal vectors get a finite weight. */
const nearest = 1e-6;

/**
 * Returns the place of a point among its projected neighbours: their mean, weighted by the inverse of their cosine
 * distance.
 */
export function placeAmong(neighbours: readonly Neighbour[], positions: Positions): [x: number, y: number] {
  let [x, y, sum] = [0, 0, 0];
  for (const { point, cosine } of neighbours) {
    const weight = 1 / (nearest + Math.max(0, 1 - cosine));
    x += weight * (positions[2 * point] ?? 0);
    y += weight * (positions[2 * point + 1] ?? 0);
    sum += weight;
  }
  return sum === 0 ? [0, 0] : [x / sum, y / sum];
}
