/** Prefix of every weights id. It lets the sweep after a crash delete only the half-written weights of one owner. */
export type WeightsOwner = 'model' | 'checkpoint';

export function newWeightsId(owner: WeightsOwner): string {
  return `${owner}-${crypto.randomUUID()}`;
}

export function weightPartsOf(weightsId: string): IDBKeyRange {
  return IDBKeyRange.bound([weightsId, 0], [weightsId, Infinity]);
}
