import { render } from 'svelte/server';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultExperiment, type Experiment, type Stage } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import { countAdvanced } from '../../../src/domain/train/advancedSettings';
import { browser, ExperimentState } from '../state/experimentPage';
import { freshDatabase, storedExperiment } from '../storage/support';
import { putExperiment } from '../../../src/storage/experiments';

vi.stubGlobal('location', { hash: '' });
// Tooltips need a provider that only the whole page has.
vi.doMock('../../../src/ui/common/Tip.svelte', () => ({
  default: (renderer: unknown, { children }: { children: (renderer: unknown) => void }) => children(renderer),
}));
const { default: Hyperparameters } = await import('../../../src/ui/train/Hyperparameters.svelte');
const { default: AdvancedSettings } = await import('../../../src/ui/train/AdvancedSettings.svelte');

const idsIn = (html: string): string[] =>
  [...html.matchAll(/<(?:input|select)\b[^>]*?\bid="([^"]+)"/g)].map(([, id = '']) => id);
const state = new ExperimentState('e');
const basic = (): string[] =>
  idsIn(render(Hyperparameters, { props: { experiment: state, disabled: false, onbatch: () => undefined } }).body);
const folded = (): string =>
  render(AdvancedSettings, { props: { experiment: state, disabled: false, devPlan: null } }).body;
const summary = (html: string): string | undefined =>
  /<summary[^>]*>([^]*?)<\/summary>/
    .exec(html)?.[1]
    ?.replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .trim();

/** A field per setting, except that warm-up also has its unit. */
const advanced = [
  [
    'schedule',
    'warmupUnit',
    'warmup',
    'layerDecay',
    'emaDecay',
    'weightDecay',
    'clipNorm',
    'beta1',
    'beta2',
    'epsilon',
  ],
  ['loss', 'directions', 'sameSide', 'inBatch', 'hardness', 'knownAnswers', 'byScore', 'matryoshka'],
  ['dropout', 'precision', 'unit', 'seed', 'accumulation', 'avoidDuplicates', 'negatives'],
  ['devEverySteps', 'devTimeShare', 'patience', 'checkpoint'],
].flat();

beforeEach(async () => {
  browser.db = await freshDatabase();
  await putExperiment(browser.db, { ...storedExperiment('e'), experiment: defaultExperiment() });
  await state.load();
  state.model = { config: { hiddenSize: 8 } } as Partial<StoredModel> as StoredModel;
});

describe('the form of the training stage', () => {
  it('shows six settings, and folds the others away', () => {
    expect(basic()).toEqual(['data', 'duration', 'batchSize', 'learningRate', 'temperature', 'primary']);
    expect(folded()).toMatch(/<details class="panel fold"(?![^>]* open)/);
    expect(idsIn(folded()).sort()).toEqual([...advanced].sort());
    expect(idsIn(folded()).filter((id) => basic().includes(id))).toEqual([]);
  });

  it('says how many settings are folded away, which is the number of their fields', () => {
    const settings = advanced.filter((id) => id !== 'warmupUnit').length;
    expect(summary(folded())).toBe(`Advanced settings ${settings}, all at their defaults`);
  });

  it.each<[string, (experiment: Experiment, stage: Stage) => Experiment]>([
    ['seed', (experiment) => ({ ...experiment, seed: 8 })],
    ['kept step', (e) => ({ ...e, evaluation: { ...e.evaluation, checkpoint: 'last' } })],
    ['precision', (e, stage) => ({ ...e, stages: [{ ...stage, precision: 'mixed' }] })],
    [
      'weight decay',
      (e, stage) => ({ ...e, stages: [{ ...stage, optimizer: { ...stage.optimizer, weightDecay: 0 } }] }),
    ],
  ])('says that one folded setting was changed: %s', (_setting, change) => {
    state.change((experiment) => change(experiment, experiment.stages[0]!));
    const { all } = countAdvanced(defaultExperiment());
    expect(summary(folded())).toBe(`Advanced settings ${all}, 1 changed`);
    expect(/<span class="[^"]*\bchanged\b/.test(folded())).toBe(true);
    state.change(() => defaultExperiment());
    expect(summary(folded())).toBe(`Advanced settings ${all}, all at their defaults`);
  });

  it('does not count a change of a setting that is in view', () => {
    state.change((e) => ({
      ...e,
      stages: e.stages.map((s) => ({ ...s, optimizer: { ...s.optimizer, learningRate: 1e-6 } })),
    }));
    expect(summary(folded())).toContain('all at their defaults');
  });
});
