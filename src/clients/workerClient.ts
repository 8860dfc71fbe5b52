import { proxy, wrap, type Remote } from 'comlink';
import { AppError } from '../domain/errors';
import { own, type Said } from '../domain/errorWords';
import type { WorkerOptions } from '../protocol/workerOptions';
import { installErrorTransfer } from '../protocol/errorTransfer';

installErrorTransfer();

type Method = (...args: unknown[]) => Promise<unknown>;

interface Living {
  worker: Worker;
  methods: Remote<Record<string, Method>>;
  /** Rejects once the worker is dead; never resolves. */
  death: Promise<never>;
  die: (reason: Said) => void;
}

/** Resolves when the lock is free; rejects when the signal aborts the wait. */
type WaitForLock = (name: string, signal: AbortSignal) => Promise<unknown>;

const waitForWebLock: WaitForLock = (name, signal) => navigator.locks.request(name, { signal }, () => undefined);

/** Wraps a callback in a comlink proxy; other arguments are passed unchanged. */
function crossing(argument: unknown): unknown {
  return typeof argument === 'function' ? proxy(argument) : argument;
}

/**
 * Calls a worker through its api. If the worker dies, with an error or silently, all pending calls reject with
 * `worker-crashed`, and the next call starts a new worker. If it cannot be configured, they reject with its own error.
 * `baseUrl` is the URL of the page's folder, with a trailing slash.
 */
export class WorkerClient<Api extends object> {
  readonly api: Api;
  #living: Living | null = null;

  constructor(
    private readonly name: 'data' | 'gpu',
    private readonly start: () => Worker,
    private readonly baseUrl: string,
    private readonly waitForLock: WaitForLock = waitForWebLock,
  ) {
    const get = (_target: Api, method: string | symbol): Method | undefined =>
      typeof method === 'string' && method !== 'then' ? (...args) => this.#call(method, args) : undefined;
    this.api = new Proxy<Api>({} as Api, { get });
  }

  /** Terminates the worker at once; pending calls reject. */
  kill(reason: Said): void {
    this.#living?.die(reason);
  }

  async #call(method: string, args: unknown[]): Promise<unknown> {
    const living = this.#living ?? this.#launch();
    const remote = living.methods[method];
    if (!remote) throw new AppError({ kind: 'unexpected', reason: own('worker-lacks', this.name, method) });
    return Promise.race([remote(...args.map(crossing)), living.death]);
  }

  #launch(): Living {
    const worker = this.start();
    const watch = new AbortController();
    let end = (_error: AppError): void => undefined;
    const death = new Promise<never>((_, reject) => {
      end = (error) => {
        worker.terminate();
        watch.abort();
        if (this.#living?.worker === worker) this.#living = null;
        reject(error);
      };
    });
    const die = (reason: Said): void => end(new AppError({ kind: 'worker-crashed', worker: this.name, reason }));
    // Callers race against this promise. Without a caller, its rejection must not count as unhandled.
    death.catch(() => undefined);
    worker.addEventListener('error', (event) => die(event.message || own('worker-not-started')));
    worker.addEventListener('messageerror', () => die(own('message-unreadable')));
    this.#living = { worker, methods: wrap<Record<string, Method>>(worker), death, die };
    this.#configure(watch.signal).then(
      () => die(own('worker-ended')),
      (thrown: unknown) => {
        // The worker itself says why it cannot work, for example because the browser refuses it storage.
        if (thrown instanceof AppError) end(thrown);
        else die(thrown instanceof Error ? thrown.message : own('configure-failed'));
      },
    );
    return this.#living;
  }

  /**
   * Configures the worker, then waits until it has died. Messages keep their order, so the worker handles this call
   * before all others.
   */
  async #configure(signal: AbortSignal): Promise<void> {
    const lifeLock = `recallsmith-worker-${this.name}-${crypto.randomUUID()}`;
    const options: WorkerOptions = { baseUrl: this.baseUrl, lifeLock };
    await this.#call('configure', [options]);
    await this.waitForLock(lifeLock, signal);
  }
}
