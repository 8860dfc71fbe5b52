/** A thread of the wasm engine. Takes its share of every kernel until the engine is disposed. */
import { instantiateThread, type ThreadStart } from './thread';

addEventListener('message', ({ data }: MessageEvent<ThreadStart>) => {
  const control = instantiateThread(data);
  postMessage('ready');
  control.serve();
});
