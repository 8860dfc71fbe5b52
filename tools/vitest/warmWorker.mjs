import { parentPort } from 'node:worker_threads';
import { init, runBaseTests, setupEnvironment } from 'vitest/worker';

// Bound, because a test may replace `process.send`.
const post = parentPort ? parentPort.postMessage.bind(parentPort) : process.send.bind(process);

// If vitest itself was killed, nobody else ends this process.
if (!parentPort) process.once('disconnect', () => process.exit());

/**
 * Vitest adds a listener for requests at the start, and before each test file a listener for replies, which replaces
 * the previous one.
 */
let requests;
let replies;
(parentPort ?? process).on('message', (message) => {
  requests?.(message);
  replies?.(message);
});

init({
  post: (message) => post(message),
  on: (listener) => {
    if (requests) replies = listener;
    else requests = listener;
  },
  off: () => undefined,
  runTests: (state, traces) => runBaseTests('run', state, traces),
  collectTests: (state, traces) => runBaseTests('collect', state, traces),
  setup: setupEnvironment,
});
