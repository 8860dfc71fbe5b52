import type { DeviceArray } from '../../engine/arrays';
import type { Engine } from '../../engine/engine';
import { WebGpuEngine } from '../../engine/gpu/webGpuEngine';
import type { Loss } from '../../engine/losses/loss';
import { WasmEngine } from '../../engine/wasm/wasmEngine';
import type { LossBridge } from '../../losses/lossBridge';
import type { VectorLoss } from '../../losses/vectorLoss';

/** A loss that holds device memory. Close it before the device is closed. */
export interface OpenLoss {
  loss: Loss;
  close: () => void;
}

/**
 * Opens a loss that tfjs computes: on WebGPU on the engine's own device, on wasm on the CPU. Loads tfjs, which is a
 * separate chunk for each. On an engine that only collects kernels, the loss computes nothing, because tfjs compiles
 * its own kernels.
 */
export async function openTfjsLoss(engine: Engine, loss: VectorLoss): Promise<OpenLoss> {
  if (engine instanceof WebGpuEngine) {
    const { openGpuLosses } = await import('../../losses/gpuLossDevice');
    const bridge = await openGpuLosses(engine.device);
    const view = (array: DeviceArray) => ({ ...array, buffer: engine.bufferOf(float32(array)) });
    return { loss: lossOnBridge(loss, bridge, view), close: () => bridge.dispose() };
  }
  if (engine instanceof WasmEngine) {
    const { openCpuLosses } = await import('../../losses/cpuLossDevice');
    const bridge = await openCpuLosses();
    const view = (array: DeviceArray) => ({ shape: array.shape, values: engine.valuesOf(float32(array)) });
    return { loss: lossOnBridge(loss, bridge, view), close: () => bridge.dispose() };
  }
  return { loss: lossOnBridge(loss, null, () => null), close: () => undefined };
}

/** Wraps the loss for training steps. Without a bridge, it only allocates the gradients. */
function lossOnBridge<A>(loss: VectorLoss, bridge: LossBridge<A> | null, view: (array: DeviceArray) => A): Loss {
  const names = ['loss', ...loss.measures] as const;
  return {
    numbers: names,
    run({ pool, commands }, { anchors, candidates }, targets, gradientScale, numbers) {
      const missing = loss.targets.find((name) => !targets[name]);
      if (missing) throw new RangeError(`the batch has no ${missing}`);
      const { scores, teacherScores } = targets;
      const gradients = { anchors: pool.allocate(anchors.shape), candidates: pool.allocate(candidates.shape) };
      commands.submit(); // tfjs submits its own commands, which read the vectors
      const inputs = {
        anchors: view(anchors),
        candidates: view(candidates),
        ...(scores && { scores: view(scores) }),
        ...(teacherScores && { teacherScores: view(teacherScores) }),
      };
      const into = { anchors: view(gradients.anchors), candidates: view(gradients.candidates) };
      const each = names.map((_, i) => view({ ...numbers, offset: numbers.offset + 4 * i, shape: [1] }));
      bridge?.run(loss, { inputs, gradients: into, numbers: each }, gradientScale);
      return gradients;
    },
  };
}

/** Throws RangeError for an array in half precision, which tfjs cannot read. */
function float32(array: DeviceArray): DeviceArray {
  if (array.dtype === 'f16') throw new RangeError('tfjs reads float32 only');
  return array;
}
