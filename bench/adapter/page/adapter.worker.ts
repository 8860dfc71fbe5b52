import { measureAdapter, type MeasureOptions } from '../measure';

interface Request {
  /** The options of the measurement, as JSON. */
  options: string;
  browser: string;
}

self.onmessage = ({ data: { options, browser } }: MessageEvent<Request>) => {
  const given = JSON.parse(options) as Pick<MeasureOptions, 'limitSeconds' | 'size' | 'only'>;
  measureAdapter({ ...given, runtime: browser, onReport: (report) => self.postMessage({ report }) }).then(
    (report) => self.postMessage({ report, done: true }),
    (thrown: unknown) => self.postMessage({ error: thrown instanceof Error ? thrown.message : String(thrown) }),
  );
};
