import type { DataRole } from '../records';

export const storedKinds = [
  'experiment',
  'model',
  'onnxModel',
  'dataset',
  'tokenSet',
  'minedNegatives',
  'vectorSet',
  'batchList',
  'download',
] as const;
type StoredKind = (typeof storedKinds)[number];

/** Kinds that may be deleted only while nothing uses them. */
export type UnusedKind = Exclude<StoredKind, 'experiment' | 'download'>;

/** A stored item that has a size and can be deleted. */
export interface StoredItem {
  kind: StoredKind;
  /** One id, or the keys of all token sets or mined negatives with the same users. */
  ids: string[];
  /** Empty if items of this kind have no names. */
  name: string;
  role?: DataRole;
  bytes: number;
  /** Names of the experiments that need it. If no experiment needs it, not even a deleted one, it can be deleted. */
  usedBy: string[];
  /** Names of the deleted experiments that would need it if they were restored. */
  usedByDeleted: string[];
  /**
   * Names of the experiments that have compared the model, if there are any. Their results stay when it is deleted.
   */
  comparedIn?: string[];
  /** Only for a deleted experiment, which can still be restored. */
  deletedAt?: number;
}
