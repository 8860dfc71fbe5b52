import { findChromium, noChromium } from '../../tools/lib/chromium.mjs';
import { measureInChromium } from './chromium';
import { measureAdapter, type MeasureOptions } from './measure';
import { openDawn } from './openDawn';
import { measurePytorch } from './peers';
import type { AdapterBenchmark, EngineReport } from './report';

/** With less time left, no further runtime is started: opening Chromium or importing PyTorch takes several seconds. */
const leastSeconds = 15;

/** Measures in one runtime after another and collects their reports. */
export class AdapterRun {
  readonly result: AdapterBenchmark = {
    format: 'recallsmith adapter benchmark 1',
    engines: [],
    peers: [],
    missing: [],
  };
  readonly #startedAt = performance.now();

  constructor(
    private readonly options: Pick<MeasureOptions, 'size' | 'only' | 'onDevice'> & { limitSeconds: number },
    private readonly save: (result: AdapterBenchmark) => void,
  ) {}

  /** Whether measuring a peer on the same card makes sense. */
  get measuresRealAdapter(): boolean {
    return this.result.engines.some(({ size }) => size === 'full');
  }

  get #leftSeconds(): number {
    return this.options.limitSeconds - (performance.now() - this.#startedAt) / 1000;
  }

  async node(backend: string | undefined): Promise<void> {
    openDawn(backend);
    const runtime = `Dawn in Node ${process.version}`;
    const limitSeconds = this.#leftSeconds;
    await this.#attempt('node', (onReport) => measureAdapter({ ...this.options, limitSeconds, runtime, onReport }));
  }

  async chromium(page: string, given: string | undefined, software: boolean): Promise<void> {
    const browser = findChromium(given);
    if (browser === undefined) return this.#miss('chromium', noChromium);
    if (this.#leftSeconds < leastSeconds) return this.#miss('chromium', 'time was up');
    const { size, only } = this.options;
    const limitSeconds = this.#leftSeconds;
    await this.#attempt('chromium', (onReport) =>
      measureInChromium({ browser, folder: page, software, limitSeconds, size, only, onReport }),
    );
  }

  async pytorch(script: string): Promise<void> {
    if (this.#leftSeconds < leastSeconds) return this.#miss('PyTorch', 'time was up');
    const reason = await measurePytorch(script, { limitSeconds: this.#leftSeconds - 5 }, (peer) => {
      this.result.peers.push(peer);
      this.save(this.result);
    });
    if (reason !== null) this.#miss('PyTorch', reason);
  }

  /** Keeps the report so far if the runtime ends with an error. */
  async #attempt(what: string, measure: (onReport: (report: EngineReport) => void) => Promise<unknown>): Promise<void> {
    const at = this.result.engines.length;
    try {
      await measure((report) => {
        this.result.engines[at] = report;
        this.save(this.result);
      });
    } catch (thrown) {
      this.#miss(what, thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  #miss(what: string, reason: string): void {
    this.result.missing.push({ what, reason });
    this.save(this.result);
  }
}
