import { Control, type Kernels } from './control';

/** What a thread needs to compute along; structured clones share memory and module. */
export interface ThreadStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** From 0, the thread that owns the engine. */
  thread: number;
}

/** The module on this memory, as one thread runs it. Throws where the browser does not run the module. */
export function instantiate({ module, memory, thread }: ThreadStart): Control {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels: Kernels = {};
  for (const [name, value] of Object.entries(exports))
    if (typeof value === 'function') kernels[name] = (...numbers) => void Reflect.apply(value, undefined, numbers);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  return new Control(memory, kernels, names, thread);
}
