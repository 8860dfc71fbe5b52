import * as v from 'valibot';
import { name, sha256, whole } from './schemaFields';

/**
 * Increase this when earlier versions of the app can no longer read the file. Format 1 stores weights under the ids of
 * the browser that saved it; format 2 stores each part once, under its hash.
 */
export const projectFormat = 2;
export const manifestPath = 'manifest.json';

/** Lists saved as one JSON file each. */
export const listPaths = {
  experiments: 'experiments.json',
  runs: 'runs.json',
  evaluations: 'evaluations.json',
  checkpoints: 'checkpoints.json',
  models: 'models.json',
  datasets: 'datasets.json',
  batchLists: 'batchLists.json',
  minedNegatives: 'minedNegatives.json',
  comparisons: 'comparisons.json',
} as const;
export type ListName = keyof typeof listPaths;

export const eventsPath = (runId: string): string => `runEvents/${runId}.json`;
export const blockPath = (contentSha256: string, block: number): string =>
  `datasetBlocks/${contentSha256}/${block}.json`;
/** Path of one part of the weights in format 1. Later formats use `partPath`. */
export const storedPartPath = (weightsId: string, part: number): string => `weightParts/${weightsId}/${part}.bin`;
export const minedPath = (key: string): string => `minedNegatives/${key}.bin`;
export const partPath = (sha256: string): string => `weights/${sha256}.bin`;

/** Whether an entry may belong to a project file. Other archives have entries of other names. */
export function isProjectPath(path: string): boolean {
  const names: readonly string[] = [manifestPath, ...Object.values(listPaths)];
  return names.includes(path) || /^(runEvents|datasetBlocks|weightParts|minedNegatives|weights)\//.test(path);
}

/** The manifest comes last in the file and lists everything else. */
export const manifestSchema = v.object({
  app: v.literal('recallsmith'),
  format: v.pipe(whole, v.minValue(1)),
  build: name,
  files: v.array(v.object({ path: v.pipe(v.string(), v.maxLength(400)), sha256, bytes: whole })),
});
export type Manifest = v.InferOutput<typeof manifestSchema>;
