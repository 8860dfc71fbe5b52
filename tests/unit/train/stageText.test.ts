import { render } from 'svelte/server';
import { describe, expect, it, vi } from 'vitest';
import { defaultExperiment, defaultStage, type Experiment, type Stage } from '../../../src/domain/experiment';
import { emptyRunView } from '../../../src/domain/train/runView';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { stageText } from '../../../src/ui/train/stageText';
import { runRecord } from '../storage/support';

/** Returns the text of a rendered component. */
const textOf = (body: string): string =>
  body
    .replace(/<!--.*?-->/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
const app = vi.hoisted(() => ({ language: 'en', attempt: () => Promise.resolve() }));
vi.mock('../../../src/state/gateway', () => ({ baseUrl: '', gateway: {} }));
vi.mock('../../../src/state/app.svelte', () => ({ app }));
vi.stubGlobal('addEventListener', () => undefined);
vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('__BUILD__', 'test');

const { default: SharedSettings } = await import('../../../src/ui/link/SharedSettings.svelte');
const { default: Summary } = await import('../../../src/ui/report/Summary.svelte');
const { default: RunList } = await import('../../../src/ui/train/RunList.svelte');
const { default: LivePanel } = await import('../../../src/ui/train/LivePanel.svelte');
const { default: ExperimentCard } = await import('../../../src/ui/home/ExperimentCard.svelte');

const second: Stage = {
  ...defaultStage(),
  strategy: { kind: 'bitFit', keywords: ['bias'] },
  frozen: { embeddings: true, layers: 0 },
  loss: { kind: 'sigmoidPairs', temperature: 0.07 },
  duration: { unit: 'steps', value: 30 },
};
const one = defaultExperiment();
const two: Experiment = { ...one, stages: [defaultStage(), second] };
const recordOf = (experiment: Experiment) => runRecord('r', 'e', { experiment });
const lines = [
  'Stage 1 Full · 2 epochs · in-batch InfoNCE',
  'Stage 2 BitFit · 30 steps · sigmoid pairs · embeddings frozen',
];

describe('the text of a stage', () => {
  it('says in both languages what is trained, how long, with which loss, and what is frozen', () => {
    const stage: Stage = {
      ...second,
      strategy: { kind: 'bitFit', keywords: ['query', 'layer.1'] },
      frozen: { embeddings: true, layers: 2 },
    };
    expect(stageText(en, stage)).toBe(
      'BitFit (query, layer.1) · 30 steps · sigmoid pairs · embeddings and lowest 2 layers frozen',
    );
    expect(stageText(zh, stage)).toBe('BitFit（query，layer.1） · 30 步 · sigmoid 成对损失 · 冻结嵌入和最低 2 层');
    expect(stageText(en, { ...second, frozen: { embeddings: false, layers: 1 } })).toMatch(/ · lowest layer frozen$/);
    expect(stageText(zh, defaultStage())).toBe('全参数 · 2 轮 · 批内 InfoNCE');
  });
});

describe('an experiment with one stage that does not train everything', () => {
  it('says what is trained on the screen of a shared link and in the report', () => {
    const experiment: Experiment = { ...one, stages: [second] };
    expect(textOf(render(SharedSettings, { props: { experiment } }).body)).toMatch(
      /^Strategy BitFit Freeze the embeddings ✓ Learning rate /,
    );
    const report = render(Summary, { props: { run: recordOf(experiment), model: null, datasets: {} } });
    expect(textOf(report.body)).toContain('Strategy BitFit · 30 steps · sigmoid pairs · embeddings frozen');
  });
});

describe('an experiment with several stages', () => {
  it('lists the settings of each stage on the screen of a shared link, or those of a single stage without its name', () => {
    const shown = (experiment: Experiment) => textOf(render(SharedSettings, { props: { experiment } }).body);
    expect(shown(two)).toBe(
      'Stage 1 Strategy Full Learning rate 2.00e-4 Loss in-batch InfoNCE Temperature τ 0.05 ' +
        'Directions question → passage Batch size 16 Duration 2 epochs Schedule linear to 0 ' +
        'Stage 2 Strategy BitFit Freeze the embeddings ✓ Learning rate 2.00e-4 Loss sigmoid pairs Temperature τ 0.07 ' +
        'Batch size 16 Duration 30 steps Schedule linear to 0 For all stages Random seed 7 Maximum tokens –',
    );
    expect(shown(one)).toBe(
      'Learning rate 2.00e-4 Loss in-batch InfoNCE Temperature τ 0.05 Directions question → passage Batch size 16 ' +
        'Duration 2 epochs Schedule linear to 0 Random seed 7 Maximum tokens –',
    );
  });

  it('has a line for each stage in the report, unlike an experiment with one', () => {
    const shown = (experiment: Experiment) =>
      textOf(render(Summary, { props: { run: recordOf(experiment), model: null, datasets: {} } }).body);
    for (const line of lines) expect(shown(two)).toContain(line);
    expect(shown(one)).not.toMatch(/Stage|Full/);
  });

  it('has a line for each stage in the list of runs, unlike an experiment with one', () => {
    const shown = (experiment: Experiment) =>
      textOf(
        render(RunList, {
          props: { experiment: { runs: [recordOf(experiment)] } as never, current: null, onchoose: () => undefined },
        }).body,
      );
    expect(shown(two)).toContain(lines.join(' '));
    expect(shown(one)).not.toMatch(/Stage|Full/);
  });

  it('has a line for each stage on its card, and a single stage only its duration', () => {
    const shown = (experiment: Experiment) => {
      const stored = { experimentId: 'e', name: 'E', experiment, createdAt: 1, updatedAt: 1, demo: false };
      const card = { stored, modelName: 'tiny', rows: { pairs: 3 }, result: null, latest: null } as never;
      return textOf(render(ExperimentCard, { props: { card, ondelete: () => undefined } }).body);
    };
    expect(shown(two)).toContain(`tiny · 3 pairs ${lines.join(' ')} `);
    expect(shown(one)).toContain('tiny · 3 pairs · 2 epochs ');
    expect(shown(one)).not.toContain('Stage');
  });

  it('says during training which stage the run is in', () => {
    const shown = (experiment: Experiment, stage: number) =>
      textOf(
        render(LivePanel, {
          props: {
            headline: { title: 'T', text: 'X.' },
            run: null,
            record: recordOf(experiment),
            view: { ...emptyRunView(), phase: 'train', steps: [{ stage }] } as never,
            readOnly: false,
          },
        }).body,
      );
    expect(shown(two, 1)).toBe('T X. Stage 2 of 2 · BitFit · 30 steps · sigmoid pairs · embeddings frozen');
    expect(shown(one, 0)).toBe('T X.');
  });
});
