import type { HubOrigin } from './import/hub';
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
export function onnxBytes(model: Pick<OnnxModel, 'graph' | 'data'>): number {
  return onnxFiles(model).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Names the model with its graph, which tells the graphs of one folder apart. */
export function onnxName({ name, graph }: Pick<OnnxModel, 'name' | 'graph'>): string {
  return `${name} (${graph.path.split('/').at(-1) ?? graph.path})`;
}

/** Returns the graphs of a folder, each with the files of its external data, in the order of the list. */
export function onnxGraphs<F extends { path: string }>(files: readonly F[]): { graph: F; data: F[] }[] {
  return files
    .filter(({ path }) => path.endsWith('.onnx'))
    .map((graph) => ({
      graph,
      data: files.filter(({ path }) =>
        /^[._]data(?:_\d+)?$/.test(path.startsWith(graph.path) ? path.slice(graph.path.length) : ''),
      ),
    }));
}

/** Which model of a folder is meant. */
export interface OnnxChoice {
  /** Path of the graph in the folder. */
  graph: string;
  /** The pooling that the user has chosen; null: as the files say. */
  pooling: Pooling | null;
}
