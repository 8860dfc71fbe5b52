import { AppError } from '../../../src/domain/errors';
import { downloadIdOf, type HubListing } from '../../../src/domain/import/hub';
import type { StoredModel } from '../../../src/domain/model';
import type { FolderFile } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { deleteDownload } from '../../../src/storage/downloads';
import { downloadHubModel, type HubDownloadOptions } from './hubDownload';

/**
 * Downloads a model and hands its files to `importFiles`. The download is deleted once the model is stored, or if the
 * complete files turn out not to be a usable model.
 */
export async function fetchHubModel(
  db: Database,
  listing: HubListing,
  options: HubDownloadOptions,
  importFiles: (files: FolderFile[]) => Promise<StoredModel>,
): Promise<StoredModel> {
  const downloadId = downloadIdOf(listing);
  try {
    const model = await importFiles(await downloadHubModel(db, listing, options));
    await deleteDownload(db, downloadId);
    return model;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.details.kind === 'model-invalid') await deleteDownload(db, downloadId);
    throw thrown;
  }
}
