/** Called between batches. Throws to stop. */
export type BetweenBatches = (done: number, of: number) => Promise<void>;
