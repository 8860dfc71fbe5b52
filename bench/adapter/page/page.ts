/** Starts the measurement in a worker, as in the app. Reports and errors go to the server that started the browser. */
const send = (message: object): void => void fetch('/report', { method: 'POST', body: JSON.stringify(message) });
const worker = new Worker(new URL('./adapter.worker.ts', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }: MessageEvent<object>) => send(data);
worker.onerror = ({ message }) => send({ error: message || 'the worker did not start' });
worker.postMessage({
  options: new URLSearchParams(location.search).get('options') ?? '{}',
  browser: navigator.userAgent,
});
