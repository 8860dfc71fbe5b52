import type { ExperimentState } from './experiment.svelte';
import { summarizeLengths, type LengthSummary } from '../domain/tokenize/lengths';
import { tokenSetNames } from '../domain/tokenize/tokenSets';
import { gateway } from './gateway';

export class TokensState {
  progress = $state.raw<{ done: number; of: number } | null>(null);
  summaries = $state.raw<LengthSummary[]>([]);

  async tokenize(state: ExperimentState): Promise<void> {
    const experiment = state.experiment;
    if (!experiment) return;
    this.progress = { done: 0, of: 0 };
    try {
      await state.flush();
      const key = state.tokensKey;
      const data = await gateway.data();
      const keys = await data.tokenize(experiment, (done, of) => (this.progress = { done, of }));
      const summaries: LengthSummary[] = [];
      for (const name of tokenSetNames) {
        const set = keys[name] ? await gateway.getTokenSet(keys[name]) : undefined;
        if (!set || set.offsets.length < 2) continue;
        const lengths = Int32Array.from(
          { length: set.offsets.length - 1 },
          (_, i) => (set.offsets[i + 1] ?? 0) - (set.offsets[i] ?? 0),
        );
        summaries.push(summarizeLengths(name, lengths, set.truncated));
      }
      this.summaries = summaries;
      state.tokenizedFor = key;
    } finally {
      this.progress = null;
    }
  }
}
