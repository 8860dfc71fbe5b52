import { parentPort } from 'node:worker_threads';
import { init, runBaseTests, setupEnvironment } from 'vitest/worker';

/**
 * Vitest adds a listener for requests at the start, and before each test file a listener for replies, which replaces
 * the previous one.
 */
let requests;
let replies;
parentPort.on('message', (message) => {
  requests?.(message);
  replies?.(message);
});

init({
  post: (message) => parentPort.postMessage(message),
  on: (listener) => {
    if (requests) replies = listener;
    else requests = listener;
  },
  off: () => undefined,
  runTests: (state, traces) => runBaseTests('run', state, traces),
  collectTests: (state, traces) => runBaseTests('collect', state, traces),
  setup: setupEnvironment,
});
