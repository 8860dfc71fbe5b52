import type { HubOrigin } from './import/hubOrigin';
import type { Pooling, StoredModel } from './model';

/** A file of an ONNX model whose bytes are stored as weights: its graph, or external data of it. */
export interface OnnxFile {
  /** Path in the folder that it was read from. */
  path: string;
  bytes: number;
  sha256: string;
  weightsId: string;
}

/**
 * A model in ONNX format that transformers.js runs. It can be compared with others, but not trained or exported. Each
 * graph of a folder (float32, quantized …) is a model of its own.
 */
export interface OnnxModel extends Pick<StoredModel, 'name' | 'files' | 'defaults'> {
  /** SHA-256 over the graph, its data, the text files and the pooling. */
  contentSha256: string;
  graph: OnnxFile;
  data: OnnxFile[];
  /** Length of a vector as config.json states it, or 0 if it doesn't. */
  dimension: number;
  /** Set if the model came from a hub instead of a folder of the user's. */
  hub?: HubOrigin;
  createdAt: number;
}

export function onnxFiles({ graph, data }: Pick<OnnxModel, 'graph' | 'data'>): OnnxFile[] {
  return [graph, ...data];
}

/** Returns the bytes of graph and data. */
export function onnxBytes({ graph, data }: { graph: { bytes: number }; data: readonly { bytes: number }[] }): number {
  return data.reduce((sum, { bytes }) => sum + bytes, graph.bytes);
}

/** Precisions of the weights in a graph, as far as the name of its file tells. */
export type GraphPrecision = 'fp32' | 'fp16' | 'q8' | 'q4';

/** Endings of file names before `.onnx`, as transformers.js and sentence-transformers write them. */
const precisionEndings: readonly [RegExp, GraphPrecision][] = [
  [/_(?:q4|q4f16|bnb4)$/, 'q4'],
  [/_(?:quantized|q8|u?int8|qu?int8_[a-z0-9_]+)$/, 'q8'],
  [/_(?:fp16|O4)$/, 'fp16'],
  [/^model$/, 'fp32'],
];

/** Returns the precision that the name of a graph's file states, or null. */
export function graphPrecision(path: string): GraphPrecision | null {
  const name =
    path
      .split('/')
      .at(-1)
      ?.replace(/\.onnx$/, '') ?? '';
  return precisionEndings.find(([ending]) => ending.test(name))?.[1] ?? null;
}

/** Names the model with its graph, which tells the graphs of one folder apart. */
export function onnxName({ name, graph }: Pick<OnnxModel, 'name' | 'graph'>): string {
  return `${name} (${graph.path.split('/').at(-1) ?? graph.path})`;
}

/** Endings of the files with a graph's external data, after the name of the graph. */
const dataEnding = /^[._]data(?:_\d+)?$/;

/** Whether a file is a graph or the external data of one. */
export function isOnnxFile(path: string): boolean {
  const end = path.lastIndexOf('.onnx');
  return end >= 0 && (path.endsWith('.onnx') || dataEnding.test(path.slice(end + '.onnx'.length)));
}

/** Returns the graphs of a folder, each with the files of its external data, in the order of the list. */
export function onnxGraphs<F extends { path: string }>(files: readonly F[]): { graph: F; data: F[] }[] {
  return files
    .filter(({ path }) => path.endsWith('.onnx'))
    .map((graph) => ({
      graph,
      data: files.filter(({ path }) => path.startsWith(graph.path) && dataEnding.test(path.slice(graph.path.length))),
    }));
}

/** Which model of a folder is meant. */
export interface OnnxChoice {
  /** Path of the graph in the folder. */
  graph: string;
  /** The pooling that the user has chosen; null: as the files say. */
  pooling: Pooling | null;
}
