import type { WebGpuEngine } from '../gpu/webGpuEngine';
import type { Kernel } from '../kernel';

/** Maximum number of compilations at once. A compilation that has begun cannot be cancelled. */
const mostAtOnce = 12;

/** How compiling ended; `late` if the queue was stopped first. */
export type Compiled = 'accepted' | 'refused' | 'late';

/** Compiles kernels in the background, a few at a time, in the order of the requests. */
export class CompileQueue {
  #running = 0;
  #stopped = false;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly gpu: Pick<WebGpuEngine, 'commands'>) {}

  /** Resolves when all kernels are compiled, one of them is refused, or the queue is stopped. */
  async compile(kernels: readonly Kernel[]): Promise<Compiled> {
    const each = await Promise.all(kernels.map((kernel) => this.#one(kernel)));
    return each.find((outcome) => outcome !== 'accepted') ?? 'accepted';
  }

  /** Begins no more compilations, so that the kernels of the run need not wait for those of candidates. */
  stop(): void {
    this.#stopped = true;
    for (const start of this.#waiting.splice(0)) start();
  }

  async #one(kernel: Kernel): Promise<Compiled> {
    if (this.#running >= mostAtOnce && !this.#stopped)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#stopped) return 'late';
    this.#running++;
    try {
      await this.gpu.commands.prepare(kernel);
      return 'accepted';
    } catch {
      return 'refused';
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}
