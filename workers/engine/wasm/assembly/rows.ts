import { addScaled, dotOf, exp1, isBroken, lanes, madd, setScaled, splat, sumOf } from './common';

/** Kernels that work on rows of numbers; each has its formula beside its shader, in ops. Rows, quads or columns begin .. end. */

export function layerNormForward(
  z: usize, gamma: usize, beta: usize, y: usize, stats: usize, rows: u32, width: u32, epsilon: f32, begin: u32, end: u32,
): void {
  const quads = width & ~3;
  for (let row = begin; row < end; row++) {
    const from = z + <usize>row * width * 4;
    const to = y + <usize>row * width * 4;
    const mean = sumOf(from, width) / <f32>width;
    const mean4 = splat(mean);
    let squares4 = splat(0);
    for (let i: usize = 0; i < quads; i += 4) {
      const d = f32x4.sub(v128.load(from + i * 4), mean4);
      squares4 = madd(d, d, squares4);
    }
    let squares = lanes(squares4);
    for (let i: usize = quads; i < width; i++) {
      const d = load<f32>(from + i * 4) - mean;
      squares += d * d;
    }
    const scale: f32 = 1 / sqrt<f32>(squares / <f32>width + epsilon);
    const scale4 = splat(scale);
    for (let i: usize = 0; i < quads; i += 4) {
      const unit = f32x4.mul(f32x4.sub(v128.load(from + i * 4), mean4), scale4);
      v128.store(to + i * 4, madd(unit, v128.load(gamma + i * 4), v128.load(beta + i * 4)));
    }
    for (let i: usize = quads; i < width; i++)
      store<f32>(to + i * 4, (load<f32>(from + i * 4) - mean) * scale * load<f32>(gamma + i * 4) + load<f32>(beta + i * 4));
    store<f32>(stats + <usize>row * 8, mean);
    store<f32>(stats + <usize>row * 8, scale, 4);
  }
}

export function layerNormBackward(
  dy: usize, z: usize, stats: usize, gamma: usize, dz: usize, rows: u32, width: u32, begin: u32, end: u32,
): void {
  const quads = width & ~3;
  for (let row = begin; row < end; row++) {
    const at = <usize>row * width * 4;
    const mean = load<f32>(stats + <usize>row * 8);
    const scale = load<f32>(stats + <usize>row * 8, 4);
    let sum4 = splat(0);
    let along4 = splat(0);
    for (let i: usize = 0; i < quads; i += 4) {
      const g = f32x4.mul(v128.load(dy + at + i * 4), v128.load(gamma + i * 4));
      sum4 = f32x4.add(sum4, g);
      along4 = madd(g, f32x4.mul(f32x4.sub(v128.load(z + at + i * 4), splat(mean)), splat(scale)), along4);
    }
    let sum = lanes(sum4);
    let along = lanes(along4);
    for (let i: usize = quads; i < width; i++) {
      const g = load<f32>(dy + at + i * 4) * load<f32>(gamma + i * 4);
      sum += g;
      along += g * (load<f32>(z + at + i * 4) - mean) * scale;
    }
    sum /= <f32>width;
    along /= <f32>width;
    for (let i: usize = 0; i < quads; i += 4) {
      const g = f32x4.mul(v128.load(dy + at + i * 4), v128.load(gamma + i * 4));
      const unit = f32x4.mul(f32x4.sub(v128.load(z + at + i * 4), splat(mean)), splat(scale));
      const rest = f32x4.sub(f32x4.sub(g, splat(sum)), f32x4.mul(unit, splat(along)));
      v128.store(dz + at + i * 4, f32x4.mul(splat(scale), rest));
    }
    for (let i: usize = quads; i < width; i++) {
      const g = load<f32>(dy + at + i * 4) * load<f32>(gamma + i * 4);
      store<f32>(dz + at + i * 4, scale * (g - sum - (load<f32>(z + at + i * 4) - mean) * scale * along));
    }
  }
}

/** Parts of `rowsInPart` rows each: partials[part] = Σ dy. */
export function columnPartials(
  dy: usize, partials: usize, rows: u32, width: u32, parts: u32, rowsInPart: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let part = begin; part < end; part++) {
    const to = partials + <usize>part * bytes;
    memory.fill(to, 0, bytes);
    const last = min((part + 1) * rowsInPart, rows);
    for (let row = part * rowsInPart; row < last; row++) addScaled(to, dy + <usize>row * bytes, 1, width);
  }
}

/** partials[part] = Σ dy and, behind it, Σ dy·(z − mean)/σ. */
export function normPartials(
  dy: usize, z: usize, stats: usize, partials: usize, rows: u32, width: u32, parts: u32, rowsInPart: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let part = begin; part < end; part++) {
    const to = partials + <usize>part * 2 * bytes;
    memory.fill(to, 0, 2 * bytes);
    const last = min((part + 1) * rowsInPart, rows);
    for (let row = part * rowsInPart; row < last; row++) {
      const from = <usize>row * bytes;
      const mean = load<f32>(stats + <usize>row * 8);
      const scale = load<f32>(stats + <usize>row * 8, 4);
      addScaled(to, dy + from, 1, width);
      for (let i: usize = 0; i < bytes; i += 4) {
        const unit = (load<f32>(z + from + i) - mean) * scale;
        const at = to + bytes + i;
        store<f32>(at, load<f32>(at) + load<f32>(dy + from + i) * unit);
      }
    }
  }
}

/** Columns of one array: Σ over the parts. */
export function addPartials(
  partials: usize, to: usize, parts: u32, width: u32, accumulate: u32, begin: u32, end: u32,
): void {
  addStrided(partials, to, parts, <usize>width * 4, accumulate, begin, end);
}

/** Of two arrays, whose partials lie behind each other in each part. */
export function addTwoPartials(
  partials: usize, first: usize, second: usize, parts: u32, width: u32, accumulate: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  addStrided(partials, first, parts, 2 * bytes, accumulate, begin, end);
  addStrided(partials + bytes, second, parts, 2 * bytes, accumulate, begin, end);
}

function addStrided(from: usize, to: usize, parts: u32, stride: usize, accumulate: u32, begin: u32, end: u32): void {
  const at = <usize>begin * 4;
  if (!accumulate) memory.fill(to + at, 0, <usize>(end - begin) * 4);
  for (let part: usize = 0; part < parts; part++) addScaled(to + at, from + part * stride + at, 1, end - begin);
}

export function embeddingLookup(
  words: usize, positions: usize, types: usize, rowInfo: usize, z: usize,
  rows: u32, width: u32, firstRow: u32, pieceRows: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let row = begin; row < end; row++) {
    const info = rowInfo + <usize>row * 16;
    const id = load<u32>(info, 12);
    if (id < firstRow || id - firstRow >= pieceRows) continue;
    const to = z + <usize>row * bytes;
    memory.copy(to, words + <usize>(id - firstRow) * bytes, bytes);
    addScaled(to, types, 1, width);
    addScaled(to, positions + <usize>(row - load<u32>(info)) * bytes, 1, width);
  }
}

export function embeddingGradient(
  dz: usize, segments: usize, order: usize, table: usize,
  count: u32, width: u32, firstRow: u32, pieceRows: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let index = begin; index < end; index++) {
    const segment = segments + <usize>index * 16;
    const id = load<u32>(segment);
    if (id < firstRow || id - firstRow >= pieceRows) continue;
    const to = table + <usize>(id - firstRow) * bytes;
    const last = load<u32>(segment, 8);
    for (let k = load<u32>(segment, 4); k < last; k++)
      addScaled(to, dz + <usize>load<u32>(order + <usize>k * 4) * bytes, 1, width);
  }
}

export function poolingForward(
  hidden: usize, offsets: usize, unit: usize, norms: usize,
  rows: u32, width: u32, firstText: u32, firstOnly: u32, normalize: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let text = begin; text < end; text++) {
    const at = offsets + <usize>(firstText + text) * 4;
    const from = load<u32>(at);
    const to = firstOnly ? from + 1 : load<u32>(at, 4);
    const y = unit + <usize>text * bytes;
    memory.fill(y, 0, bytes);
    for (let row = from; row < to; row++) addScaled(y, hidden + <usize>row * bytes, 1, width);
    setScaled(y, y, 1 / <f32>(to - from), width);
    const norm = max<f32>(sqrt<f32>(dotOf(y, y, width)), 1e-12);
    store<f32>(norms + <usize>text * 4, norm);
    if (normalize) setScaled(y, y, 1 / norm, width);
  }
}

export function normalizeBackward(
  dUnit: usize, unit: usize, norms: usize, dx: usize, rows: u32, width: u32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const at = <usize>row * width * 4;
    const radial = dotOf(dUnit + at, unit + at, width);
    const norm = load<f32>(norms + <usize>row * 4);
    setScaled(dx + at, dUnit + at, 1 / norm, width);
    addScaled(dx + at, unit + at, -radial / norm, width);
  }
}

export function poolingBackward(
  rowInfo: usize, first: usize, rest: usize, dHidden: usize,
  rows: u32, width: u32, firstTexts: u32, texts: u32, firstOnly: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let row = begin; row < end; row++) {
    const info = rowInfo + <usize>row * 16;
    const from = load<u32>(info);
    const text = load<u32>(info, 8);
    const to = dHidden + <usize>row * bytes;
    if (text >= texts || (firstOnly && row != from)) {
      memory.fill(to, 0, bytes);
      continue;
    }
    const share: f32 = firstOnly ? 1 : 1 / <f32>(load<u32>(info, 4) - from);
    const vector = text < firstTexts ? first + <usize>text * bytes : rest + <usize>(text - firstTexts) * bytes;
    setScaled(to, vector, share, width);
  }
}

export function infoNceRows(
  cosines: usize, rowStats: usize, rows: u32, columns: u32, temperature: f32, both: u32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const at = cosines + <usize>row * columns * 4;
    let best: f32 = -Infinity;
    let others: f32 = 0;
    for (let j: u32 = 0; j < columns; j++) {
      const s = load<f32>(at + <usize>j * 4);
      best = max(best, s);
      if (j != row) others += s;
    }
    let weights: f32 = 0;
    for (let j: u32 = 0; j < columns; j++) weights += exp1((load<f32>(at + <usize>j * 4) - best) / temperature);
    const stats = rowStats + <usize>row * 16;
    store<f32>(stats, best / temperature + Mathf.log(weights));
    store<f32>(stats, load<f32>(at + <usize>row * 4), 4);
    store<f32>(stats, best, 8);
    store<f32>(stats, others, 12);
  }
}

export function infoNceColumns(
  cosines: usize, columnLse: usize, rows: u32, columns: u32, temperature: f32, both: u32, begin: u32, end: u32,
): void {
  const stride = <usize>columns * 4;
  for (let column = begin; column < end; column++) {
    const from = cosines + <usize>column * 4;
    let best: f32 = -Infinity;
    for (let i: usize = 0; i < rows; i++) best = max(best, load<f32>(from + i * stride));
    let weights: f32 = 0;
    for (let i: usize = 0; i < rows; i++) weights += exp1((load<f32>(from + i * stride) - best) / temperature);
    store<f32>(columnLse + <usize>column * 4, best / temperature + Mathf.log(weights));
  }
}

export function infoNceNumbers(
  rowStats: usize, columnLse: usize, numbers: usize,
  rows: u32, columns: u32, temperature: f32, both: u32, anchors: u32, begin: u32, end: u32,
): void {
  let loss: f32 = 0, hits: f32 = 0, right: f32 = 0, others: f32 = 0;
  for (let i: u32 = 0; i < anchors; i++) {
    const stats = rowStats + <usize>i * 16;
    const own = load<f32>(stats, 4);
    let term = load<f32>(stats) - own / temperature;
    if (both) term = 0.5 * (term + load<f32>(columnLse + <usize>i * 4) - own / temperature);
    loss += term;
    if (own >= load<f32>(stats, 8)) hits += 1;
    right += own;
    others += load<f32>(stats, 12);
  }
  const n = <f32>anchors;
  store<f32>(numbers, loss / n);
  store<f32>(numbers, hits / n, 4);
  store<f32>(numbers, right / n, 8);
  store<f32>(numbers, others / max<f32>(1, n * <f32>(columns - 1)), 12);
}

export function infoNceGradient(
  cosines: usize, rowStats: usize, columnLse: usize, dCosines: usize,
  rows: u32, columns: u32, temperature: f32, both: u32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const lse = load<f32>(rowStats + <usize>row * 16);
    for (let j: u32 = 0; j < columns; j++) {
      const at = <usize>(row * columns + j) * 4;
      const right: f32 = row == j ? 1 : 0;
      const score = load<f32>(cosines + at) / temperature;
      let d = exp1(score - lse) - right;
      if (both) {
        d *= 0.5;
        if (j < rows) d += 0.5 * (exp1(score - load<f32>(columnLse + <usize>j * 4)) - right);
      }
      store<f32>(dCosines + at, d / (<f32>rows * temperature));
    }
  }
}

export function gradientSquares(
  gradients: usize, parts: usize, rows: u32, length: u32, firstPart: u32, partLength: u32, begin: u32, end: u32,
): void {
  for (let part = begin; part < end; part++) {
    const from = gradients + <usize>part * partLength * 4;
    store<f32>(parts + <usize>(firstPart + part) * 4, dotOf(from, from, min(partLength, length - part * partLength)));
  }
}

export function clipping(
  parts: usize, numbers: usize, rows: u32, count: u32, clipNorm: f32, at: u32, begin: u32, end: u32,
): void {
  const norm = sqrt<f32>(sumOf(parts, count));
  const to = numbers + <usize>at * 4;
  const loss = load<f32>(numbers);
  store<f32>(to, isBroken(loss) ? loss : norm);
  store<f32>(to, clipNorm > 0 ? min<f32>(1, clipNorm / (norm + 1e-6)) : 1, 4);
}

export function adamW(
  gradients: usize, numbers: usize, weights: usize, m: usize, v: usize,
  length: u32, at: u32, beta1: f32, beta2: f32, epsilon: f32, rest1: f32, rest2: f32,
  shrink: f32, stepSize: f32, rootCorrection: f32, begin: u32, end: u32,
): void {
  const norm = load<f32>(numbers + <usize>at * 4);
  if (isBroken(norm)) return;
  const clip = splat(load<f32>(numbers + <usize>at * 4, 4));
  for (let quad: usize = begin; quad < end; quad++) {
    const o = quad * 16;
    const g = f32x4.mul(v128.load(gradients + o), clip);
    const m1 = f32x4.add(f32x4.mul(v128.load(m + o), splat(beta1)), f32x4.mul(g, splat(rest1)));
    const v1 = f32x4.add(f32x4.mul(v128.load(v + o), splat(beta2)), f32x4.mul(f32x4.mul(g, g), splat(rest2)));
    v128.store(m + o, m1);
    v128.store(v + o, v1);
    const root = f32x4.add(f32x4.div(f32x4.sqrt(v1), splat(rootCorrection)), splat(epsilon));
    const moved = f32x4.mul(f32x4.div(m1, root), splat(stepSize));
    v128.store(weights + o, f32x4.sub(f32x4.mul(v128.load(weights + o), splat(shrink)), moved));
  }
}
