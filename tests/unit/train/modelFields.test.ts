import { render } from 'svelte/server';
import { describe, expect, it, vi } from 'vitest';
import { defaultExperiment, defaultStage } from '../../../src/domain/experiment';
import type { DistillationSettings, InfoNceSettings } from '../../../src/domain/train/lossSchema';
import { defaultMined } from '../../../src/domain/train/negativesSchema';
import type { TrainScores } from '../../../src/domain/train/trainScores';
import ModelField from '../../../src/ui/common/ModelField.svelte';
import MinedFields from '../../../src/ui/negatives/MinedFields.svelte';
import DistillationFields from '../../../src/ui/train/DistillationFields.svelte';
import HardestPairs from '../../../src/ui/train/HardestPairs.svelte';
import InfoNceFields from '../../../src/ui/train/InfoNceFields.svelte';
import { demoModel } from '../tokenize/demoModel';

vi.mock('../../../src/state/gateway', () => ({ baseUrl: '', gateway: {} }));
vi.mock('../../../src/state/app.svelte', () => ({ app: { language: 'en', attempt: () => Promise.resolve() } }));
// Tooltips need a provider that only the whole page has. Their labels do not matter here.
vi.mock('../../../src/ui/common/Tip.svelte', () => ({ default: () => undefined }));

const settings = { pooling: 'mean', normalize: true, maxTokens: 64, queryPrefix: '', passagePrefix: '' } as const;
const frozen = { contentSha256: 'f'.repeat(64), ...settings };
const common = { disabled: false, onchange: () => undefined };

/** Returns the labels of a form's select with this id, the selected one first; null if the form has none. */
function choices(body: string, id: string): string[] | null {
  const select = new RegExp(`<select[^>]*id="${id}"[^>]*>(.*?)</select>`, 's').exec(body)?.[1];
  if (select === undefined) return null;
  const options = [...select.matchAll(/<option([^>]*)>(.*?)<\/option>/gs)];
  const text = (label = ''): string => label.replace(/<!--.*?-->/gs, '').trim();
  const selected = options.filter(([, attributes]) => attributes?.includes('selected'));
  return [...selected, ...options.filter((one) => !selected.includes(one))].map(([, , label]) => text(label));
}

describe('a field for a model, when it opens', () => {
  const { contentSha256, name } = demoModel({});
  const field = (model: typeof frozen | null) => {
    const props = { id: 'guide', label: 'Guide', help: '', none: 'none', models: [demoModel({})], model, ...common };
    return choices(render(ModelField, { props }).body, 'guide');
  };

  it('has no model selected if none is chosen, and offers the stored ones', () => {
    expect(field(null)).toEqual(['none', name]);
  });

  it('has the stored model selected that was chosen', () => {
    expect(field({ ...frozen, contentSha256 })).toEqual([name, 'none']);
  });

  it('still shows a chosen model that is not stored, by its hash', () => {
    const [selected = '', ...others] = field(frozen) ?? [];
    expect(selected).toContain('ffffffffffff');
    expect(others).toEqual(['none', name]);
  });
});

describe('the form of a loss with a frozen model, when it opens', () => {
  const infoNce: InfoNceSettings = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' };
  const guided = (loss: InfoNceSettings) =>
    render(InfoNceFields, { props: { loss, hasExplicit: false, dimension: 384, ...common } }).body;
  const taught = (loss: DistillationSettings) => render(DistillationFields, { props: { loss, ...common } }).body;
  const distillation = { kind: 'distillation', temperature: 0.05 } as const;

  it('offers a guide only if negatives are left out by score, and shows the chosen one', () => {
    const byScore = { kind: 'absolute', margin: 0.1 } as const;
    expect(choices(guided(infoNce), 'guide')).toBeNull();
    expect(choices(guided({ ...infoNce, falseNegatives: { byScore } }), 'guide')).toEqual(['the model being trained']);
    const byGuide = { ...infoNce, falseNegatives: { byScore: { ...byScore, model: frozen } } };
    expect(choices(guided(byGuide), 'guide')?.[0]).toContain('ffffffffffff');
  });

  it('asks for a teacher model, and shows the chosen one', () => {
    expect(choices(taught(distillation), 'teacherScores')).toEqual(['by a model', 'from the data']);
    expect(choices(taught(distillation), 'teacher')).toEqual(['not chosen yet']);
    expect(choices(taught({ ...distillation, teacher: frozen }), 'teacher')?.[0]).toContain('ffffffffffff');
  });

  it('asks for no teacher model if the scores come from the data', () => {
    const body = taught({ ...distillation, scores: 'imported', teacherTemperature: 1 });
    expect(choices(body, 'teacherScores')?.[0]).toBe('from the data');
    expect(choices(body, 'teacher')).toBeNull();
    expect(body).toMatch(/id="teacherTemperature"[^>]*value="1"|value="1"[^>]*id="teacherTemperature"/);
  });
});

it('the form of mined negatives opens with the base model, or with the model that was chosen', () => {
  const form = (negatives: ReturnType<typeof defaultMined>) => {
    const props = { negatives, models: [], passages: 100, ...common } as never;
    return render(MinedFields, { props }).body;
  };
  expect(form(defaultMined(100))).not.toContain('ffffffffffff');
  expect(form({ ...defaultMined(100), model: frozen })).toContain('ffffffffffff');
});

describe('the list of the hardest pairs', () => {
  const shown = (kind: 'inBatchInfoNce' | 'cosineMse', observed: TrainScores[]) => {
    const loss = kind === 'cosineMse' ? { kind } : { kind, temperature: 0.05, directions: 'both' as const };
    const experiment = { ...defaultExperiment(), stages: [{ ...defaultStage(), loss }] };
    return render(HardestPairs, { props: { observed, experiment } }).body;
  };
  const look = { step: 15, stage: 0, rows: 8, right: 0.5, others: 0.1 };

  it('shows the scores of a pair and of the text that it is confused with, and where they come from', () => {
    const wrong = { pairId: 'q', negative: 1, cosine: 0.75 };
    const body = shown('inBatchInfoNce', [{ ...look, hardest: [{ pairId: 'p', cosine: 0.5, hardness: 0.25, wrong }] }]);
    for (const text of ['The hardest training pair', 'Own passage 0.500', 'Explicit negative', '0.750', 'step 15'])
      expect(body).toContain(text);
  });

  it('shows scored pairs with their score and cosine', () => {
    const hard = { pairId: 'p', cosine: -0.5, hardness: 1.5, score: 1 };
    expect(shown('cosineMse', [{ ...look, hardest: [hard] }])).toContain('Score 1, cosine −0.500');
  });

  it('is not there before the first look', () => {
    expect(shown('inBatchInfoNce', [])).not.toContain('hardest-pairs');
  });
});
