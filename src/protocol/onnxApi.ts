import type { OnnxChoice, OnnxModel } from '../domain/onnxModel';
import type { FolderFile, Progress } from './folderFile';

/** The part of the data worker's API that concerns models in ONNX format. */
export interface OnnxApi {
  /**
   * Reads a folder with ONNX files for transformers.js and stores one of its graphs. Rejects with `model-invalid` if
   * files are missing or the pooling is neither stated nor chosen.
   */
  importOnnx(files: FolderFile[], choice: OnnxChoice, name: string, progress: Progress): Promise<OnnxModel>;
}
