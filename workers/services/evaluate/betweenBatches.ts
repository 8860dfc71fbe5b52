/** Callback between batches: `done` of `of` units of work are finished. It throws to stop the work. */
export type BetweenBatches = (done: number, of: number) => Promise<void>;
