import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { WebGpuEngine } from '../gpu/webGpuEngine';
import type { Kernel } from '../kernel';
import { compiles } from './compiles';
import type { CompileQueue } from './compileQueue';
import { measureCandidates, type Contest, type MeasuredCandidates } from './measureCandidates';
import type { SampleProduct } from './sampleProduct';
import type { WorkTimer } from './workTimer';

/** An idle GPU lowers its clock after some tens of milliseconds. */
const maxIdleMs = 20;
/** How often to check, while kernels compile, whether the time is up. */
const pollMs = 20;
/** Number of candidates, besides the default, that each scout passes on to the other shapes. */
const passedOn = 2;

interface Conditions {
  timer: WorkTimer;
  /** Rate of an earlier product. */
  flopsPerMs: number;
  deadline: number;
  now: () => number;
  queue: CompileQueue;
  /** Called between shapes. Throws to stop. */
  between?: (done: number, of: number) => Promise<void>;
}

/** A shape whose kernels are not being compiled yet. */
type Planned = Omit<Contest, 'compiled'>;

/**
 * Measures shapes until the deadline, but at least one. Two scouts come first: the shape with the most work, and the
 * one with the fewest results, for which other tilings are fastest. The other shapes measure only the scouts' best
 * candidates, because compiling all kernels for all shapes would take most of the time.
 */
export async function measureShapes(
  gpu: WebGpuEngine,
  planned: readonly Planned[],
  conditions: Conditions,
): Promise<MeasuredCandidates[]> {
  const measured: MeasuredCandidates[] = [];
  const add = (contests: readonly Contest[]) => measureAll(gpu, contests, planned.length, measured, conditions);
  const scouts = scoutsOf(planned);
  const others = planned.filter((each) => !scouts.includes(each));
  const started = scouts.map((each) => contestOf(each, conditions.queue));
  // Every shape measures its default tiling, so the kernels for it can be compiled already.
  for (const { product, tilings } of others) void conditions.queue.compile(kernelsOf(product, tilings[0]));
  await add(started);
  const best = new Set(measured.flatMap(({ ranked, default_ }) => bestOf(ranked, default_)));
  const few = others.map(({ tilings, ...each }) => ({
    ...each,
    tilings: tilings.filter((tiling, i) => i === 0 || best.has(JSON.stringify(tiling))),
  }));
  await add(few.map((each) => contestOf(each, conditions.queue)));
  return measured;
}

/**
 * Returns the shape with the most work and the one with the fewest results. `planned` is sorted by work, most first.
 */
function scoutsOf(planned: readonly Planned[]): Planned[] {
  const results = ({ shape }: Planned): number => shape.rows * shape.columns;
  const [smallest] = planned.slice(1).toSorted((a, b) => results(a) - results(b));
  return [...planned.slice(0, 1), ...(smallest ? [smallest] : [])];
}

function bestOf(ranked: MeasuredCandidates['ranked'], default_: MatmulTiling): string[] {
  const others = ranked.filter(({ candidate }) => candidate !== default_);
  return others.slice(0, passedOn).map(({ candidate }) => JSON.stringify(candidate));
}

/** Starts compiling the candidates of a shape. */
function contestOf(planned: Planned, queue: CompileQueue): Contest {
  const { product, tilings } = planned;
  return { ...planned, compiled: Promise.all(tilings.map((tiling) => queue.compile(kernelsOf(product, tiling)))) };
}

function kernelsOf(product: SampleProduct, tiling: MatmulTiling | undefined): Kernel[] {
  return tiling ? product.kernels(tiling) : [];
}

/** Returns the kernels of these tilings for all epilogues except the first. */
export function otherKernels(product: SampleProduct, tilings: readonly MatmulTiling[]): Kernel[] {
  return product.epilogues.slice(1).flatMap((each) => tilings.flatMap((tiling) => product.kernels(tiling, each)));
}

/**
 * Measures each shape as soon as its kernels are compiled. If several are ready, the one with the most work comes
 * first.
 */
async function measureAll(
  gpu: WebGpuEngine,
  contests: readonly Contest[],
  total: number,
  measured: MeasuredCandidates[],
  { between, queue: _queue, ...conditions }: Conditions,
): Promise<void> {
  const { deadline, now } = conditions;
  const waiting = new Map(contests.map((contest) => [contest, contest.compiled.then(() => contest)]));
  let busyUntil = -Infinity;
  while (waiting.size > 0 && (measured.length === 0 || now() < deadline)) {
    const next = await Promise.race([...waiting.values(), sleep(pollMs)]);
    if (!next) continue;
    waiting.delete(next);
    const budgetMs = (deadline - now()) / (total - measured.length);
    const isIdle = now() - busyUntil > maxIdleMs;
    const result = await measureCandidates(gpu, next, { ...conditions, budgetMs, isIdle });
    busyUntil = now();
    if (result) {
      measured.push(result);
      prepareAdmission(gpu, result);
    }
    await between?.(measured.length, total);
  }
}

/** Starts compiling the kernels that are needed to compare all bits of the best candidate with the default's. */
function prepareAdmission(gpu: WebGpuEngine, { product, default_, ranked }: MeasuredCandidates): void {
  const [best] = ranked;
  if (best && best.candidate !== default_) void compiles(gpu, otherKernels(product, [default_, best.candidate]));
}

export const sleep = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, ms), undefined));
