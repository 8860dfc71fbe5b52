import { AppError } from '../../../src/domain/errors';
import { encoderFolder } from '../../../src/domain/import/chooseHubFiles';
import { downloadIdOf, hostLabel, type HubListing } from '../../../src/domain/import/hub';
import type { FolderFile } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { clearDownloadFile, deleteDownload } from '../../../src/storage/downloads';
import { downloadHubModel, type HubDownloadOptions } from './hubDownload';
import { checkModelTexts, type ModelImport } from './importModel';
import { checkOnnxTexts } from './importOnnx';

/**
 * Downloads a model and hands its files to `importFiles`. Deletes each file of weights once it is imported. Deletes the
 * rest of the download once the model is stored, or if the complete files turn out not to be a usable model.
 */
export async function fetchHubModel<Model>(
  db: Database,
  listing: HubListing,
  options: HubDownloadOptions,
  importFiles: (files: FolderFile[], options: ModelImport) => Promise<Model>,
): Promise<Model> {
  const downloadId = downloadIdOf(listing);
  try {
    const { id, commit, onnx } = listing;
    const hub = { host: hostLabel(listing.host), id, commit };
    const folder = onnx ? '' : encoderFolder(listing.files);
    const fileDone = (file: string): Promise<void> => clearDownloadFile(db, downloadId, folder + file);
    const checkTexts = onnx ? (texts: FolderFile[]) => checkOnnxTexts(texts, onnx.pooling) : checkModelTexts;
    const files = await downloadHubModel(db, listing, { ...options, checkTexts });
    const model = await importFiles(files, { hub, fileDone });
    await deleteDownload(db, downloadId);
    return model;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.details.kind === 'model-invalid') await deleteDownload(db, downloadId);
    throw thrown;
  }
}
