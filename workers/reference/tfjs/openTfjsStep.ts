import type { LossAndGradients, TrainingStep } from '../trainingStep';
import { TfjsDevice } from './tfjsDevice';
import { TfjsStep } from './tfjsStep';

/**
 * A training step on its own tfjs device. At the end, `run` and `gradients` throw the first error that the device has
 * reported, if any.
 */
interface OpenTfjsStep {
  run: () => Promise<number>;
  gradients: () => Promise<LossAndGradients['gradients']>;
  close: () => void;
}

/** Opens stock tfjs on WebGPU with the step's model. This is the entry point of the bundle chunk that contains tfjs. */
export async function openTfjsStep(step: TrainingStep): Promise<OpenTfjsStep> {
  const device = await TfjsDevice.open();
  try {
    const stock = new TfjsStep(step);
    const checked = async <T>(work: Promise<T>): Promise<T> => {
      const value = await work;
      device.check();
      return value;
    };
    return {
      run: () => checked(stock.run()),
      gradients: () => checked(stock.gradients()),
      close: () => {
        stock.dispose();
        device.close();
      },
    };
  } catch (thrown) {
    device.close();
    throw thrown;
  }
}
