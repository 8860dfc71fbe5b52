import { runPage } from './browserPage';
import type { MeasureOptions } from './measure';
import type { EngineReport } from './report';

/** Time for a browser to start and to finish its last task, beyond the time limit of the measurement. */
const graceMs = 60_000;

interface ChromiumOptions extends Pick<MeasureOptions, 'limitSeconds' | 'size' | 'only'> {
  browser: string;
  /** The built page. */
  folder: string;
  /** Whether to compute on the CPU instead of the adapter. */
  software?: boolean;
  onReport: (report: EngineReport) => void;
}

/** Measures the adapter in a page's worker. Rejects if the browser finds no adapter or does not answer. */
export function measureInChromium(options: ChromiumOptions): Promise<EngineReport> {
  const { browser, folder, software = false, limitSeconds, size, only, onReport } = options;
  const query = new URLSearchParams({ options: JSON.stringify({ limitSeconds, size, only }) });
  const page = { browser, folder, query, software, timeoutMs: limitSeconds * 1000 + graceMs };
  return runPage(page, ({ report, done }: { report: EngineReport; done?: boolean }) => {
    onReport(report);
    return done ? report : undefined;
  });
}
