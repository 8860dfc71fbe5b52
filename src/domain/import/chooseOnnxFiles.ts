import { onnxGraphs, type OnnxChoice } from '../onnxModel';
import { encoderFolder, textFilesOf } from './chooseHubFiles';
import type { HubFile, HubListing, OnnxListing } from './hub';

type OnnxFileChoice = { kind: 'files'; files: HubFile[] } | { kind: 'missing'; file: string };

/** Chooses the files from which a graph is chosen: configuration, tokenizer, pooling, and every graph with its data. */
export function chooseOnnxFiles(listed: readonly HubFile[]): OnnxFileChoice {
  const paths = new Set(listed.map(({ path }) => path));
  const folder = encoderFolder(listed);
  if (!paths.has(`${folder}config.json`)) return { kind: 'missing', file: 'config.json' };
  if (!['tokenizer.json', 'vocab.txt'].some((path) => paths.has(folder + path)))
    return { kind: 'missing', file: 'tokenizer.json' };
  const graphs = onnxGraphs(listed);
  if (graphs.length === 0) return { kind: 'missing', file: 'onnx/model.onnx' };
  const files = graphs.flatMap(({ graph, data }) => [graph, ...data]);
  return { kind: 'files', files: [...textFilesOf(listed), ...files] };
}

/** Returns the listing of one graph: its file and data, and all text files. */
export function listingOfGraph(listing: HubListing, onnx: OnnxChoice): OnnxListing {
  const chosen = onnxGraphs(listing.files).find(({ graph }) => graph.path === onnx.graph);
  return {
    ...listing,
    onnx,
    files: [...textFilesOf(listing.files), ...(chosen ? [chosen.graph, ...chosen.data] : [])],
  };
}

/** Whether the text files can state a pooling. If not, one must be chosen. */
export function canStatePooling(files: readonly { path: string }[]): boolean {
  return files.some(({ path }) => /(?:^|\/)(?:1_Pooling\/config|modules)\.json$/.test(path));
}
