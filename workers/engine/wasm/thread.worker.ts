/** A thread of the wasm engine. Takes its share of every kernel until the engine is disposed. */
import { instantiate, type ThreadStart } from './thread';

addEventListener('message', ({ data }: MessageEvent<ThreadStart>) => {
  const control = instantiate(data);
  postMessage('ready');
  control.serve();
});
