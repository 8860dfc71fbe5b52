import type { PreTrainedModel, Tensor } from '@huggingface/transformers';
import { AppError } from '../../../src/domain/errors';
import type { Pooling } from '../../../src/domain/model';
import { onnxName, type OnnxModel } from '../../../src/domain/onnxModel';
import type { Database } from '../../../src/storage/database';
import { readOnnxFile } from '../../../src/storage/onnxModels';
import { parseModelJson } from '../import/parseModelJson';
import { loadRuntime } from './onnxRuntime';

/** The version of transformers.js in package.json: part of the key of stored vectors. */
export const transformersVersion = '4.3.1';

/** Folder under which transformers.js asks for the files of the model. No request leaves this thread. */
const folder = '/model/';
/** transformers.js names graphs by their element type. Whatever the stored graph is called, it gets this name. */
const graphPath = `${folder}onnx/model.onnx`;

/** transformers.js takes this global for its runtime, and otherwise brings a second one that it fetches from a CDN. */
const runtimeSymbol = Symbol.for('onnxruntime');

/** A model of transformers.js that encodes one text at a time. */
export interface TransformersModel {
  /** Returns the unit vector of a text [E], from its token ids with special tokens. */
  encode(ids: Int32Array): Promise<Float32Array>;
  dispose(): Promise<void>;
}

function failed(model: OnnxModel, thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError({ kind: 'onnx-failed', model: onnxName(model), reason }, { cause: thrown });
}

async function loadLibrary(ortBaseUrl: string) {
  const runtime = await loadRuntime(ortBaseUrl);
  (globalThis as Record<symbol, unknown>)[runtimeSymbol] = runtime;
  const library = await import('@huggingface/transformers');
  const { env } = library;
  Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: '/' });
  Object.assign(env, { useBrowserCache: false, useFSCache: false, useFS: false, useWasmCache: false });
  return library;
}

/** Answers the requests for the model's files from storage, and all others with 404. */
function fileServer(db: Database, model: OnnxModel): typeof fetch {
  return async (input) => {
    const path = input instanceof Request ? input.url : String(input);
    if (path === graphPath) return new Response(await readOnnxFile(db, model.graph));
    const name = path.startsWith(folder) ? path.slice(folder.length) : '';
    const text = model.files[name];
    if (text === undefined) return new Response(null, { status: 404 });
    return new Response(name === 'config.json' ? plainConfig(text) : text);
  };
}

/**
 * Returns config.json without the settings for transformers.js. They name the files, device and dimensions of the
 * folder that the graph came from, not those of this session.
 */
function plainConfig(text: string): string {
  const { 'transformers.js_config': _, ...config } = parseModelJson('config.json', text);
  return JSON.stringify(config);
}

/** Returns the external data of a graph, under the names by which the graph refers to it. */
async function externalData(db: Database, model: OnnxModel): Promise<{ path: string; data: Uint8Array }[]> {
  const found: { path: string; data: Uint8Array }[] = [];
  for (const file of model.data) {
    const data = new Uint8Array(await (await readOnnxFile(db, file)).arrayBuffer());
    found.push({ path: file.path.split('/').at(-1) ?? file.path, data });
  }
  return found;
}

/**
 * Loads a stored model into transformers.js, which runs it on the processor, in this worker.
 * @throws onnx-failed if transformers.js can't load it; download-failed; storage-failed.
 */
export async function openTransformersModel(
  db: Database,
  model: OnnxModel,
  pooling: Pooling,
  ortBaseUrl: string,
): Promise<TransformersModel> {
  try {
    const { AutoModel, Tensor, env } = await loadLibrary(ortBaseUrl);
    env.fetch = fileServer(db, model);
    const data = await externalData(db, model);
    const loaded: PreTrainedModel = await AutoModel.from_pretrained('model', {
      dtype: 'fp32',
      // Only the providers below count; this value is accepted with any runtime.
      device: 'auto',
      local_files_only: true,
      // External data is handed over below. With any other value, transformers.js would look for files of its own.
      use_external_data_format: false,
      session_options: { executionProviders: ['wasm'], ...(data.length > 0 ? { externalData: data } : {}) },
    });
    return {
      encode: async (ids) => {
        try {
          const [shape, values] = [[1, ids.length], BigInt64Array.from(ids, BigInt)];
          const mask = new BigInt64Array(ids.length).fill(1n);
          const inputs = {
            input_ids: new Tensor('int64', values, shape),
            attention_mask: new Tensor('int64', mask, shape),
          };
          return pooled(model, (await loaded(inputs)) as Record<string, Tensor>, pooling);
        } catch (thrown) {
          throw failed(model, thrown);
        }
      },
      dispose: async () => void (await loaded.dispose()),
    };
  } catch (thrown) {
    throw failed(model, thrown);
  }
}

/** Pools the vectors of tokens [1, T, E] in double precision and scales the result to length 1. */
function pooled(model: OnnxModel, outputs: Record<string, Tensor>, pooling: Pooling): Float32Array {
  const states = outputs['last_hidden_state'] ?? outputs['token_embeddings'];
  if (states?.dims.length !== 3) throw new AppError({ kind: 'onnx-failed', model: onnxName(model), reason: null });
  const [, tokens = 0, width = 0] = states.dims;
  const values = states.to('float32').data as Float32Array;
  const [first, last] = pooling === 'mean' ? [0, tokens] : pooling === 'cls' ? [0, 1] : [tokens - 1, tokens];
  const sum = new Float64Array(width);
  for (let token = first; token < last; token++)
    for (let i = 0; i < width; i++) sum[i] = (sum[i] ?? 0) + (values[token * width + i] ?? NaN);
  const norm = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
  return Float32Array.from(sum, (value) => (norm === 0 ? 0 : value / norm));
}
