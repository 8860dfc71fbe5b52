import { HostTimer, TimestampTimer, type TimedGpu, type TimedWork, type WorkTimer } from './workTimer';

/** Length of a batch of repetitions. */
const batchMs = 20;
/** The clock counts as raised when two consecutive batches agree within this share. */
const maxDifference = 0.02;
const maxMs = 500;
/** Minimum duration. Some GPUs keep their low clock for some tens of milliseconds, during which batches agree too. */
const minMs = 100;
/** Maximum number of batches, for clocks that hardly move. */
const maxBatches = 50;
/**
 * Maximum number of repetitions. This many take some milliseconds for any work, so a clock that has not moved by then
 * is broken.
 */
const maxRepetitions = 4096;

interface WarmUp {
  /** Milliseconds of one repetition at the end; NaN if the timer cannot measure it. */
  ms: number;
  /** Whether the last two batches agreed. */
  steady: boolean;
}

/**
 * Runs the work until two consecutive batches take equally long, because an idle GPU takes some tens of milliseconds to
 * raise its clock. Takes at least 100 ms and gives up after 500.
 */
export async function warmUp(
  timer: WorkTimer,
  work: Omit<TimedWork, 'repetitions'>,
  now: () => number,
): Promise<WarmUp> {
  const startedAt = now();
  const length = Math.max(batchMs, timer.preciseMs);
  let repetitions = 1;
  let before = NaN;
  for (let batch = 1; ; batch++) {
    const [ms = NaN] = await timer.times([{ ...work, repetitions }]);
    if (!Number.isFinite(ms) || (ms === 0 && repetitions === maxRepetitions)) return { ms: NaN, steady: false };
    const whole = repetitions * ms >= length / 2;
    const steady = whole && Math.abs(ms - before) <= maxDifference * Math.min(ms, before);
    const elapsedMs = now() - startedAt;
    if ((steady && elapsedMs >= minMs) || elapsedMs >= maxMs || batch === maxBatches) return { ms, steady };
    before = whole ? ms : NaN;
    // A few repetitions of short work may take less than the clock's resolution.
    const wanted = ms * repetitions >= 1 ? Math.ceil(length / ms) : 8 * repetitions;
    repetitions = Math.min(wanted, maxRepetitions);
  }
}

/**
 * Plausible range of a batch's time by timestamps, as shares of the time that passes on the host. The host's time
 * includes the round trip to the GPU. A broken clock is wrong by orders of magnitude.
 */
const plausibleShares = { least: 0.05, most: 1.1 };

/**
 * Raises the GPU's clock with `work` and returns a timer: one that uses timestamps if the device has them and they
 * agree with the host's clock, else one that uses the host's clock.
 */
export async function warmTimer(
  gpu: TimedGpu,
  work: Omit<TimedWork, 'repetitions'>,
  now: () => number,
): Promise<WarmUp & { timer: WorkTimer }> {
  if (gpu.device.features.has('timestamp-query')) {
    const timer = new TimestampTimer(gpu);
    const warm = await warmUp(timer, work, now);
    const repetitions = Math.min(maxRepetitions, Math.ceil(batchMs / warm.ms));
    if (await isPlausible(timer, { ...work, repetitions }, now)) return { ...warm, timer };
  }
  const timer = new HostTimer(gpu, now);
  return { ...(await warmUp(timer, work, now)), timer };
}

async function isPlausible(timer: WorkTimer, work: TimedWork, now: () => number): Promise<boolean> {
  if (Number.isNaN(work.repetitions)) return false;
  const startedAt = now();
  const [ms = NaN] = await timer.times([work]);
  const share = (ms * work.repetitions) / (now() - startedAt);
  return share >= plausibleShares.least && share <= plausibleShares.most;
}
