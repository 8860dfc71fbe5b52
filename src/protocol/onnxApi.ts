import type { OnnxChoice, OnnxModel } from '../domain/onnxModel';
import type { HubListing, HubModelId, OnnxListing } from '../domain/import/hub';
import type { DownloadProgress, FolderFile, Progress } from './folderFile';

/** The part of the data worker's API that concerns models in ONNX format. */
export interface OnnxApi {
  /**
   * Reads a folder with ONNX files for transformers.js and stores one of its graphs. Rejects with `model-invalid` if
   * files are missing or the pooling is neither stated nor chosen.
   */
  importOnnx(files: FolderFile[], choice: OnnxChoice, name: string, progress: Progress): Promise<OnnxModel>;
  /** Like `DataApi.listHubModel`, but lists the graphs that a model has for transformers.js, with their data. */
  listHubOnnx(model: HubModelId, token: string | null): Promise<HubListing>;
  /** Like `DataApi.fetchHubModel`, for the listing of one graph; see `listingOfGraph`. */
  fetchHubOnnx(
    listing: OnnxListing,
    token: string | null,
    progress: DownloadProgress,
    importing: Progress,
  ): Promise<OnnxModel>;
}
