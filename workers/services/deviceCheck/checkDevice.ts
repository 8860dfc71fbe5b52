import type { DeviceInfo, DevicePreference } from '../../../src/domain/device';
import type {
  CheckPrecision,
  CheckProgress,
  DeviceCheck,
  PeerCheck,
  PrecisionCheck,
} from '../../../src/domain/deviceCheck/deviceCheck';
import { tensorErrors } from '../../../src/domain/deviceCheck/tensorError';
import { AppError } from '../../../src/domain/errors';
import { kernelsVersion } from '../../../src/domain/kernelPlan';
import { lowerMedian } from '../../../src/domain/lowerMedian';
import { onDevice } from '../device/onDevice';
import type { Engine } from '../../engine/engine';
import { float64Step } from '../../reference/float64/float64Step';
import type { LossAndGradients, TrainingStep } from '../../reference/trainingStep';
import type { RunControl } from '../train/runControl';
import { checkStep, type CheckSize } from './checkStep';
import { EngineStep } from './engineStep';
import { inTurns, timeOf } from './timing';

/** Share of the whole check that is done when a phase begins, estimated from the time on a laptop. */
const begins: Record<CheckProgress['phase'], number> = {
  open: 0,
  reference: 0.02,
  engine: 0.4,
  half: 0.5,
  tfjs: 0.6,
  speed: 0.8,
};

interface CheckDeps {
  control: RunControl;
  wasmBaseUrl: string;
  /** Name and version of the browser, as it reports them. */
  browser: string;
  onProgress: (progress: CheckProgress) => void;
  /** By default, the small step on software adapters and the full one on others. */
  size?: CheckSize;
}

/**
 * Compares a training step of a small model on the device with the same step in double precision, and its speed with
 * stock tfjs on the same adapter. Also checks a device that is refused. Throws `cancelled` or a device error.
 */
export async function checkDevice(preference: DevicePreference, deps: CheckDeps): Promise<DeviceCheck> {
  const report = reporter(deps);
  await report('open');
  const check = async (engine: Engine, device: DeviceInfo): Promise<DeviceCheck> => {
    const step = checkStep(deps.size ?? (device.backend === 'webgpu' && engine.traits.software ? 'small' : 'full'));
    const reference = await float64Step(step, (share) => report('reference', share));
    await report('engine');
    const results = [await checkPrecision(engine, step, 'full', reference)];
    await report('half');
    if (engine.hasHalf) results.push(await checkPrecision(engine, step, 'mixed', reference));
    await report('tfjs');
    const peer = await checkPeer(device, engine, step, reference, report);
    const { browser } = deps;
    const tokens = [...step.anchors, ...step.positives].reduce((sum, { length }) => sum + length, 0);
    const about = { device, browser, kernels: kernelsVersion, checkedAt: Date.now() };
    return { ...about, tokens, layers: step.config.layers, results, peer };
  };
  return onDevice(preference, deps.wasmBaseUrl, check, { evenRefused: true });
}

type Report = (phase: CheckProgress['phase'], share?: number) => Promise<void>;

/** Returns a function that reports how far a phase has come and throws `cancelled` if the check was cancelled. */
function reporter({ control, onProgress }: CheckDeps): Report {
  const shares = [...Object.values(begins), 1];
  return async (phase, share = 0) => {
    const [begin, end = 1] = shares.filter((each) => each >= begins[phase]);
    onProgress({ phase, share: (begin ?? 0) + share * (end - (begin ?? 0)) });
    await control.checkpoint();
  };
}

async function checkPrecision(
  engine: Engine,
  step: TrainingStep,
  precision: CheckPrecision,
  reference: LossAndGradients,
): Promise<PrecisionCheck> {
  const own = new EngineStep(engine, step, precision);
  try {
    const errors = tensorErrors(await own.result(), reference);
    const times = [await timeOf(own), await timeOf(own), await timeOf(own)];
    return { precision, errors, stepMs: lowerMedian(times) };
  } finally {
    own.dispose();
  }
}

/**
 * Runs stock tfjs on the same adapter; returns null on wasm. If tfjs fails, returns the reason instead of throwing,
 * because the engine is not at fault.
 */
async function checkPeer(
  { backend }: DeviceInfo,
  engine: Engine,
  step: TrainingStep,
  reference: LossAndGradients,
  report: Report,
): Promise<PeerCheck | null> {
  if (backend === 'wasm') return null;
  const own = new EngineStep(engine, step, 'full');
  try {
    // tfjs is a separate chunk, which is loaded only here.
    const { openTfjsStep } = await import('../../reference/tfjs/openTfjsStep');
    const tfjs = await openTfjsStep(step);
    try {
      const loss = await tfjs.run();
      const [worst] = tensorErrors({ loss, gradients: await tfjs.gradients() }, reference);
      const { first, second } = await inTurns(tfjs, own, (share) => report('speed', share));
      return { worst: worst ?? { tensor: '', error: null }, stepMs: lowerMedian(first), engineMs: lowerMedian(second) };
    } finally {
      tfjs.close();
    }
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    return { failed: thrown instanceof Error ? thrown.message : String(thrown) };
  } finally {
    own.dispose();
  }
}
