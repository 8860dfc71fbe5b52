import { addScaled, dotOf, isBroken, lanes, madd, setScaled, splat, sumOf } from './common';

/**
 * Kernels that work on rows. The formulas are next to the shaders, in ops. A call covers the rows, quads or columns
 * from `begin` up to `end`.
 */

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

/** Computes partials[part] = Σ dy over the `rowsInPart` rows of each part. */
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

/** Computes partials[part] = Σ dy, followed by Σ dy·(z − mean)/σ. */
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

/** Sums the parts of one array, for columns begin .. end. */
export function addPartials(
  partials: usize, to: usize, parts: u32, width: u32, accumulate: u32, begin: u32, end: u32,
): void {
  addStrided(partials, to, parts, <usize>width * 4, accumulate, begin, end);
}

/** Sums the parts of two arrays, whose partials are adjacent within each part. */
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

/** Values of `pick`, which selects the tokens of a text that are pooled. */
const allTokens: u32 = 0;
const firstToken: u32 = 1;
const lastToken: u32 = 2;

export function poolingForward(
  hidden: usize, offsets: usize, unit: usize, norms: usize,
  rows: u32, width: u32, firstText: u32, pick: u32, normalize: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let text = begin; text < end; text++) {
    const at = offsets + <usize>(firstText + text) * 4;
    let from = load<u32>(at);
    let to = load<u32>(at, 4);
    if (pick == firstToken) to = from + 1;
    if (pick == lastToken) from = to - 1;
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
  rows: u32, width: u32, firstTexts: u32, texts: u32, pick: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let row = begin; row < end; row++) {
    const info = rowInfo + <usize>row * 16;
    const from = load<u32>(info);
    const behind = load<u32>(info, 4);
    const text = load<u32>(info, 8);
    const to = dHidden + <usize>row * bytes;
    if (text >= texts || (pick == firstToken && row != from) || (pick == lastToken && row + 1 != behind)) {
      memory.fill(to, 0, bytes);
      continue;
    }
    const share: f32 = pick == allTokens ? 1 / <f32>(behind - from) : 1;
    const vector = text < firstTexts ? first + <usize>text * bytes : rest + <usize>(text - firstTexts) * bytes;
    setScaled(to, vector, share, width);
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
