import type { Pooling } from '../domain/model';
import { canStatePooling } from '../domain/import/chooseOnnxFiles';
import { onnxGraphs, type OnnxModel } from '../domain/onnxModel';
import type { FolderFile } from '../protocol/dataApi';
import { gateway } from './gateway';

/** A graph of a folder that can be added. */
export interface OfferedGraph {
  path: string;
  /** Bytes of the graph and its data. */
  bytes: number;
}

/**
 * Adds models in ONNX format from a folder of the user's. It belongs to the page, so leaving the screen loses nothing.
 */
class OnnxImportState {
  folder = $state.raw<{ name: string; files: FolderFile[]; graphs: OfferedGraph[] } | null>(null);
  /** Path of the chosen graph. */
  graph = $state('');
  /** Null: as the folder states. */
  pooling = $state<Pooling | null>(null);
  /** Whether the files of the folder can state a pooling. If not, one must be chosen. */
  readonly canStatePooling = $derived(canStatePooling(this.folder?.files ?? []));
  progress = $state.raw<{ done: number; of: number } | null>(null);

  /** Offers the graphs of a folder, of which nothing is read yet. */
  offer(name: string, files: FolderFile[]): void {
    const graphs = onnxGraphs(files).map(({ graph, data }) => {
      return { path: graph.path, bytes: [graph, ...data].reduce((sum, { file }) => sum + file.size, 0) };
    });
    this.folder = { name, files, graphs };
    this.graph = graphs[0]?.path ?? '';
    this.pooling = null;
  }

  forget(): void {
    this.folder = null;
  }

  /** Stores the chosen graph as a model. Returns null if none is chosen. */
  async add(): Promise<OnnxModel | null> {
    const { folder, graph, pooling } = this;
    if (!folder || graph === '' || this.progress) return null;
    this.progress = { done: 0, of: 0 };
    try {
      const report = (done: number, of: number): void => void (this.progress = { done, of });
      const model = await (await gateway.data()).importOnnx(folder.files, { graph, pooling }, folder.name, report);
      this.folder = null;
      return model;
    } finally {
      this.progress = null;
    }
  }
}

export const onnxImport = new OnnxImportState();
