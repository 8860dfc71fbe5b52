/** Prefix of every weights id. It lets the cleanup after a crash delete only one owner's half-written weights. */
export type WeightsOwner = 'model' | 'checkpoint';

export function newWeightsId(owner: WeightsOwner): string {
  return `${owner}-${crypto.randomUUID()}`;
}

export function weightPartsOf(weightsId: string): IDBKeyRange {
  return IDBKeyRange.bound([weightsId, 0], [weightsId, Infinity]);
}
