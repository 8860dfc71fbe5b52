import type { BetweenBatches } from './betweenBatches';

/** A model that is loaded when it is first needed. */
interface LoadedLater<Model> {
  get(): Promise<Model>;
  /** Frees the model if it was loaded, also after the work was cancelled right after loading. */
  dispose(): Promise<void>;
}

/**
 * Loads a model with `open` when it is first needed. What `reporter` returns is called after loading, and throws to
 * stop the work.
 */
export function loadedLater<Model extends { dispose(): void | Promise<void> }>(
  open: () => Promise<Model>,
  reporter: () => BetweenBatches,
): LoadedLater<Model> {
  let model: Model | null = null;
  return {
    get: async () => {
      if (model) return model;
      const report = reporter();
      model = await open();
      await report(0, 0);
      return model;
    },
    dispose: async () => {
      const loaded = model;
      model = null;
      await loaded?.dispose();
    },
  };
}
