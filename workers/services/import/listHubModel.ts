import { chooseHubFiles } from '../../../src/domain/import/chooseHubFiles';
import { chooseOnnxFiles } from '../../../src/domain/import/chooseOnnxFiles';
import { hubError, isRevision, parseModelId, type HubListing, type HubModelId } from '../../../src/domain/import/hub';
import { HubClient, HubOverloaded } from './hubClient';

/** Which files of a model are wanted: its weights to train, or its graphs for transformers.js. */
type WantedFiles = 'weights' | 'onnx';

/** Asks the hub for the model's commit and the files that the import needs. Throws `hub-failed`. */
export async function listHubModel(
  model: HubModelId,
  token: string | null,
  wanted: WantedFiles = 'weights',
  signal: AbortSignal = AbortSignal.timeout(60_000),
): Promise<HubListing> {
  const parsed = parseModelId(model.id);
  if (!parsed || parsed.revision !== '' || (model.revision !== '' && !isRevision(model.revision)))
    throw hubError(model.host, 'id-invalid', { found: `${model.id}${model.revision && `@${model.revision}`}` });
  const client = new HubClient(model, token);
  const { commit, files } = await client.list(signal).catch((thrown: unknown) => {
    if (thrown instanceof HubOverloaded) throw thrown.failure;
    if (signal.aborted) throw client.failure('broken-off', {}, thrown);
    throw thrown;
  });
  const choice = wanted === 'onnx' ? chooseOnnxFiles(files) : chooseHubFiles(files);
  if (choice.kind === 'missing') throw client.failure('file-missing', { file: choice.file });
  if (choice.kind === 'unsupported') throw client.failure('weights-unsupported', { found: choice.found });
  return { ...model, commit, files: choice.files };
}
