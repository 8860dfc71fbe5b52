import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { WebGpuEngine } from '../gpu/webGpuEngine';
import { matmulFlops, type MatmulShape } from '../ops/matmul/matmulShape';
import { withBitsOfFirst } from './admission';
import type { Compiled } from './compileQueue';
import type { MeasuredShape } from './measuredShape';
import { rankCandidates, rankingPasses, type Ranked } from './rankCandidates';
import type { SampleProduct } from './sampleProduct';
import { warmUp } from './warmUp';
import type { TimedWork, WorkTimer } from './workTimer';

/** The candidates for one shape. */
export interface Contest {
  shape: MatmulShape;
  /** A product of this shape, with fewer tokens on a slow device. */
  product: SampleProduct;
  /** Candidates, the default first. */
  tilings: readonly MatmulTiling[];
  /** Resolves with the outcome of compiling each tiling. */
  compiled: Promise<readonly Compiled[]>;
}

export interface MeasuredCandidates extends Omit<MeasuredShape, 'tiling' | 'gflops' | 'refused'> {
  product: SampleProduct;
  default_: MatmulTiling;
  ranked: readonly Ranked<MatmulTiling>[];
  refused: { shaders: number; bits: number };
}

interface Conditions {
  timer: WorkTimer;
  now: () => number;
  /** A round starts only if it can end before this time. */
  deadline: number;
  /** Milliseconds that this shape may take, its share of the time left. */
  budgetMs: number;
  /** Whether the GPU was idle for so long that it may have lowered its clock. */
  isIdle: boolean;
  /** Rate of an earlier product, used to choose the repetitions of the first pass. */
  flopsPerMs: number;
}

/** Length of the pass that estimates the default's time, as a share of a precise pass. */
const estimateShare = 0.3;
/** Minimum length of a candidate's pass under a tight budget, as a share of a precise pass. */
const minPassShare = 0.3;
/** Maximum number of repetitions in a pass. Recording more takes the host longer than the GPU needs to run them. */
const maxRepetitions = 4096;

/**
 * Compares the bits of the candidates, then ranks those that compute the same bits as the default. Returns undefined if
 * the device refuses the default's kernel.
 */
export async function measureCandidates(
  gpu: WebGpuEngine,
  { shape, product, tilings, compiled }: Contest,
  { timer, now, deadline, budgetMs, isIdle, flopsPerMs }: Conditions,
): Promise<MeasuredCandidates | undefined> {
  const outcomes = await compiled;
  const accepted = tilings.filter((_, i) => outcomes[i] === 'accepted');
  const [default_] = tilings;
  if (!default_ || accepted[0] !== default_) return undefined;
  product.allocate();
  try {
    const [, ...same] = await withBitsOfFirst(gpu, product, accepted, product.epilogues[0]);
    if (isIdle) await warmUp(timer, workOf(product, default_), now);
    const times = new CandidateTimes(product, timer, matmulFlops(product.shape) / flopsPerMs);
    await times.estimate(default_);
    const passMs = timer.preciseMs * passShare(budgetMs, rankingPasses(1 + same.length) * timer.preciseMs);
    const fits = (ms: number): boolean => now() + ms <= deadline;
    const ranking = await rankCandidates([default_, ...same], {
      round: (them, ms) => times.round(them, ms),
      passMs,
      fits,
    });
    const refused = {
      shaders: outcomes.filter((each) => each === 'refused').length,
      bits: accepted.length - 1 - same.length,
    };
    const defaultMs = Number.isFinite(ranking.firstMs) ? ranking.firstMs : times.defaultMs;
    const defaultGflops = matmulFlops(product.shape) / defaultMs / 1e6;
    return {
      ...{ shape, product, default_, ranked: ranking.ranked, defaultGflops, refused, timer: timer.kind },
      ...(ranking.unsteady ? { unsteady: true } : {}),
    };
  } finally {
    product.free();
  }
}

function passShare(budgetMs: number, fullMs: number): number {
  return Math.max(minPassShare, Math.min(1, budgetMs / fullMs));
}

/** Times candidates in passes of a given length. Their earlier times determine the number of repetitions per pass. */
class CandidateTimes {
  readonly #known = new Map<MatmulTiling, number>();

  constructor(
    private readonly product: SampleProduct,
    private readonly timer: WorkTimer,
    /** Estimated milliseconds of the default; also the first estimate for the other candidates. */
    public defaultMs: number,
  ) {}

  /** Improves the estimate for the default with ever longer passes, until one is long enough. */
  async estimate(default_: MatmulTiling): Promise<void> {
    const wanted = estimateShare * this.timer.preciseMs;
    for (let repetitions = this.#repetitions(wanted, this.defaultMs); ; repetitions *= 8) {
      const [ms = NaN] = await this.timer.times([{ ...workOf(this.product, default_), repetitions }]);
      if (ms > 0) this.defaultMs = ms;
      if (!(ms * repetitions < wanted / 2) || repetitions > maxRepetitions / 8) return;
    }
  }

  async round(tilings: readonly MatmulTiling[], passMs: number): Promise<number[]> {
    const works = tilings.map((tiling) => {
      const ms = this.#known.get(tiling) ?? this.defaultMs;
      return { ...workOf(this.product, tiling), repetitions: this.#repetitions(passMs, ms) };
    });
    const times = await this.timer.times(works);
    tilings.forEach((tiling, i) => this.#known.set(tiling, Math.max(times[i] ?? 0, 1e-3)));
    return times;
  }

  #repetitions(passMs: number, ms: number): number {
    return Math.min(maxRepetitions, Math.max(1, Math.ceil(passMs / ms)));
  }
}

export function workOf(product: SampleProduct, tiling: MatmulTiling): Omit<TimedWork, 'repetitions'> {
  return { record: () => product.run(tiling), dispatches: product.kernels(tiling).length };
}
