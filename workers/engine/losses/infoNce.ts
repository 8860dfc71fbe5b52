import type { ScoreWindow } from './scoreWindows';
import { rowsOf, type DeviceArray } from '../arrays';
import type { Loss, LossVectors } from './loss';
import type { Engine } from '../engine';
import { rowKernelGroups } from '../rowKernel';
import {
  infoNceColumnsKernel,
  infoNceGradientKernel,
  infoNceJointKernel,
  infoNceNumbersKernel,
  infoNceRowsKernel,
} from './softmaxKernels';
import { lossParamsOf, termBits, type InfoNceOptions, type LossParams } from './infoNceOptions';
import { statPlaneCount, statPlanes } from './infoNceParams';
import { sameSideGradientKernel, sameSideRowsKernel } from './sameSideKernels';
import { ScoreTerm } from './scoreTerm';
import { WindowBuffer } from './windowBuffer';

export type { InfoNceOptions } from './infoNceOptions';

/** The numbers that `infoNce` writes. */
const infoNceNumbers = ['loss', 'inBatchAccuracy', 'positiveScore', 'negativeScore'] as const satisfies Loss['numbers'];
export const infoNceNumberCount = infoNceNumbers.length;

export interface InfoNceRunOptions extends InfoNceOptions {
  gradientScale?: number | undefined; // multiplies all gradients; 1 by default
  maxScores?: number; // maximum scores in memory at once; never changes a result
}

/** Returns InfoNCE as a loss of training steps. */
export function infoNceLoss(options: InfoNceOptions): Loss {
  return {
    numbers: infoNceNumbers,
    run(engine, { anchors, candidates }, targets, gradientScale, numbers) {
      if (options.falseNegatives?.byScore?.model && !targets.guide)
        throw new RangeError('the loss needs the vectors of its guide');
      return infoNce(engine, anchors, candidates, { ...options, gradientScale }, numbers, targets);
    },
  };
}

/** Decide which pairs the loss ignores. */
interface Masks {
  leftOut?: DeviceArray | undefined; // [B, ⌈C / 32⌉]
  /** Unit vectors of a guide, [B, G] and [C, G]. `falseNegatives.byScore` then compares the guide's scores. */
  guide?: LossVectors | undefined;
}

/** Buffers and masks that the loss's kernels read and write. */
interface Pass {
  engine: Engine;
  params: LossParams;
  leftOut: DeviceArray | undefined;
  stats: DeviceArray; // [9, B], see `statPlanes`
  cosines: WindowBuffer;
  dCosines: WindowBuffer;
  /** Scores of the guide, if there is one. */
  guide: WindowBuffer | undefined;
}

/**
 * Loss and gradients of InfoNCE over cosines (van den Oord et al., arXiv 1807.03748, eq. 4; Henderson et al., arXiv
 * 1705.00652). Candidate i is the positive of anchor i; its negatives are the other anchors' positives (candidates
 * below B) and explicit negatives (from B on). L = mean_i −log softmax_j(cos(a_i, c_j)/τ)_i. `both` averages this loss
 * with the one from candidates i < B to all anchors. With P the softmax over rows and Q the softmax over columns: dS =
 * (P − I)/(B·τ), or the mean of that and (Q − I)/(B·τ); da = dS·c, dc = dSᵀ·a.
 *
 * With a joint softmax, row i has one denominator for all terms: anchor i with the candidates, positive i with the
 * anchors, and with `sameSide` also anchor i with the other anchors and positive i with the passages of other anchors
 * (Li et al., arXiv 2308.03281, section 3.3; `partition_mode` of sentence-transformers). Hardness adds α·cos to a
 * negative's s/τ from anchors to candidates, without a gradient of its own (Lan et al., arXiv 2503.04812, eq. 5).
 *
 * Takes unit vectors: anchors [B, E], candidates [C, E]. Ignores the pairs in `leftOut` [B, ⌈C / 32⌉] (see
 * `lossMaskBits`), and with `falseNegatives.byScore` the negatives that score above the row's own positive minus a
 * margin (Solatorio, arXiv 2402.16829): in all terms by the scores of the guide, or without one by those of the trained
 * model itself. `contrast` affects only the term from anchors to candidates. Writes `infoNceNumberCount` numbers and
 * returns the gradients of the unit vectors. Scores are computed window by window, so neither memory nor the binding
 * limit caps B. Sums over candidates use windows of whole rows, and sums over anchors use windows of whole columns, so
 * the window size never changes the order of a sum.
 */
export function infoNce(
  engine: Engine,
  anchors: DeviceArray,
  candidates: DeviceArray,
  options: InfoNceRunOptions,
  numbers: DeviceArray,
  { leftOut, guide }: Masks = {},
): { anchors: DeviceArray; candidates: DeviceArray } {
  const { pool } = engine;
  const { gradientScale = 1, maxScores } = options;
  const [pairs = 0] = anchors.shape;
  const [columns = 0] = candidates.shape;
  const params = lossParamsOf(options, pairs, columns, leftOut?.shape[1] ?? 0);
  const guided = params.scoreMask === 0 ? undefined : guide;
  const termOf = (plane: number, x: Side, y: Side): ScoreTerm => {
    const of = guided && new ScoreTerm(engine, plane, sideOf(guided, x, pairs), sideOf(guided, y, pairs), maxScores);
    const own = { anchors, candidates };
    return new ScoreTerm(engine, plane, sideOf(own, x, pairs), sideOf(own, y, pairs), maxScores, of);
  };
  const main = termOf(statPlanes.queryLse, 'anchors', 'candidates');
  const d = { anchors: pool.allocate(anchors.shape), candidates: pool.allocate(candidates.shape) };
  const sides: { term: ScoreTerm; dx: DeviceArray; dy: DeviceArray }[] = [];
  if ((params.terms & termBits.queries) !== 0) {
    const term = termOf(statPlanes.queriesLse, 'anchors', 'anchors');
    sides.push({ term, dx: d.anchors, dy: d.anchors });
  }
  if ((params.terms & termBits.passages) !== 0) {
    const term = termOf(statPlanes.passagesLse, 'positives', 'candidates');
    sides.push({ term, dx: rowsOf(d.candidates, 0, pairs), dy: d.candidates });
  }
  const largest = [main, ...sides.map(({ term }) => term)].reduce((max, term) => Math.max(max, term.largestWindow), 0);
  const buffers = {
    cosines: new WindowBuffer(pool, largest),
    dCosines: new WindowBuffer(pool, largest),
    guide: guided && new WindowBuffer(pool, largest),
  };
  const pass: Pass = { engine, params, leftOut, stats: pool.allocate([statPlaneCount, pairs]), ...buffers };
  mainStats(pass, main);
  for (const { term } of sides) sameSideStats(pass, term);
  lossNumbers(pass, numbers);
  main.backward((window) => mainGradient(pass, main, window), d.anchors, d.candidates, {
    alpha: gradientScale,
    accumulate: false,
  });
  for (const { term, dx, dy } of sides)
    term.backward((window) => sameSideGradient(pass, term, window), dx, dy, { alpha: gradientScale, accumulate: true });
  for (const buffer of [buffers.cosines, buffers.dCosines, buffers.guide]) buffer?.free();
  pool.free(pass.stats);
  return d;
}

type Side = keyof LossVectors | 'positives';

function sideOf(vectors: LossVectors, side: Side, pairs: number): DeviceArray {
  return side === 'positives' ? rowsOf(vectors.candidates, 0, pairs) : vectors[side];
}

/**
 * Computes the scores of a window and returns the arrays that the kernels read. WebGPU requires an array for every
 * binding; the kernels do not read `bits` if `words` is 0. Without a guide, the trained model's own scores decide which
 * negatives are false.
 */
function computeScores({ cosines, guide, leftOut }: Pass, term: ScoreTerm, window: ScoreWindow) {
  const scores = cosines.compute(window, (at, into) => term.scores(at, into));
  const guideScores = guide?.compute(window, (at, into) => term.guide?.scores(at, into));
  return { cosines: scores, guide: guideScores ?? scores, bits: leftOut ?? scores };
}

function mainStats(pass: Pass, term: ScoreTerm): void {
  const { engine, params, stats } = pass;
  const { commands, traits } = engine;
  for (const window of term.windows.byRow) {
    const groups = rowKernelGroups(traits, window.rows);
    const scores = computeScores(pass, term, window);
    const arrays = { ...scores, stats };
    commands.dispatch(infoNceRowsKernel(traits), arrays, { ...params, ...window }, groups);
  }
  if ((params.terms & termBits.passageToQueries) === 0) return;
  for (const window of term.windows.byColumn) {
    if (window.firstColumn >= params.pairs) continue; // explicit negatives have no log Σ exp over the anchors
    const scores = computeScores(pass, term, window);
    const arrays = { ...scores, stats };
    commands.dispatch(infoNceColumnsKernel, arrays, { ...params, ...window }, Math.ceil(window.columns / 64));
  }
}

function sameSideStats(pass: Pass, term: ScoreTerm): void {
  const { engine, params, stats } = pass;
  const { commands, traits } = engine;
  for (const window of term.windows.byRow) {
    const values = { ...params, ...window, side: term.plane };
    const groups = rowKernelGroups(traits, window.rows);
    const scores = computeScores(pass, term, window);
    commands.dispatch(sameSideRowsKernel(traits), { ...scores, stats }, values, groups);
  }
}

function lossNumbers({ engine: { commands, traits }, params, stats }: Pass, numbers: DeviceArray): void {
  if (params.joint === 1) commands.dispatch(infoNceJointKernel, { stats }, params, Math.ceil(params.pairs / 64));
  commands.dispatch(infoNceNumbersKernel(traits), { stats, numbers }, { ...params, rows: 1 }, 1);
}

function mainGradient(pass: Pass, term: ScoreTerm, window: ScoreWindow): DeviceArray {
  const { engine, params, stats } = pass;
  return pass.dCosines.compute(window, (at, dCosines) => {
    const scores = computeScores(pass, term, at);
    const arrays = { ...scores, stats, dCosines };
    const groups = Math.ceil((at.rows * at.columns) / 64);
    engine.commands.dispatch(infoNceGradientKernel, arrays, { ...params, ...at }, groups);
  });
}

function sameSideGradient(pass: Pass, term: ScoreTerm, window: ScoreWindow): DeviceArray {
  const { engine, params, stats } = pass;
  return pass.dCosines.compute(window, (at, dCosines) => {
    const scores = computeScores(pass, term, at);
    const arrays = { ...scores, stats, dCosines };
    const groups = Math.ceil((at.rows * at.columns) / 64);
    engine.commands.dispatch(sameSideGradientKernel, arrays, { ...params, ...at, side: term.plane }, groups);
  });
}
