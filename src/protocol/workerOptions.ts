/** Settings that a worker receives in its first call. */
export interface WorkerOptions {
  /** URL of the page's folder, with a trailing slash. Wasm files and the demo are in this folder. */
  baseUrl: string;
  /** Name of a lock that the worker takes and never releases. Once someone else acquires it, the worker is dead. */
  lifeLock: string;
}
