import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { inBrowser } from './environment';

/** Starts tfjs on wasm. The reference operations run there, whichever device is open. */
export async function openTfjsReference(): Promise<void> {
  const folder = 'node_modules/@tensorflow/tfjs-backend-wasm/dist/';
  setWasmPaths(inBrowser ? `/${folder}` : folder);
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs wasm did not start');
}
