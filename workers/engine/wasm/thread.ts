import { Control } from './control';
import type { KernelFunctions } from './kernelFunctions';

/**
 * Everything that a thread needs to join the engine. The memory and the module are shared when this is posted to a
 * worker.
 */
export interface ThreadStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Number of the thread; 0 is the owner of the engine. */
  thread: number;
}

/** Instantiates the module on this memory for one thread. Throws if the browser cannot run the module. */
export function instantiateThread({ module, memory, thread }: ThreadStart): Control {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels: KernelFunctions = {};
  for (const [name, value] of Object.entries(exports))
    if (typeof value === 'function') kernels[name] = (...numbers) => void Reflect.apply(value, undefined, numbers);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  return new Control(memory, kernels, names, thread);
}

/** Handle to a running thread. */
export interface Thread {
  stop: () => void;
}

/** Starts a thread. Resolves when it is ready for jobs. */
export type StartThread = (start: ThreadStart) => Promise<Thread>;
