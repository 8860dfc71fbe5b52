import 'fake-indexeddb/auto';
import { render } from 'svelte/server';
import { describe, expect, it, vi } from 'vitest';
import { countScores, type DevScores } from '../../../src/domain/evaluate/devScores';
import type { Metrics } from '../../../src/domain/evaluate/metrics';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { RunEventBody, RunRecord } from '../../../src/domain/run';
import { importDataset } from '../../../workers/services/import/importDataset';
import { devTexts } from '../../../workers/services/train/devTexts';
import { freshDatabase } from '../storage/support';
import { phase, viewAfter } from './runEvents';

vi.mock('../../../src/state/gateway', () => ({ baseUrl: '', gateway: {} }));
vi.mock('../../../src/state/app.svelte', () => ({ app: { language: 'en' } }));
vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('__BUILD__', 'test');
const { default: DevScoresPanel } = await import('../../../src/ui/train/DevScores.svelte');
const { default: RunPicture } = await import('../../../src/ui/train/RunPicture.svelte');
const { default: ScoreSpread } = await import('../../../src/ui/train/ScoreSpread.svelte');
const { rightAndRandom, scorePicture } = await import('../../../src/ui/train/scorePicture');
const { runHeadline } = await import('../../../src/ui/train/runHeadline');
const { en } = await import('../../../src/ui/i18n/en');
const { zh } = await import('../../../src/ui/i18n/zh');

const scores = (right: number[], bestWrong: number[], randomWrong: number[]): DevScores => ({
  right: countScores(right),
  bestWrong: countScores(bestWrong),
  randomWrong: countScores(randomWrong),
  hardest: [
    { questionId: 'q1', right: { passageId: 'a', score: 0.41 }, wrong: { passageId: 'b', score: 0.53 } },
    { questionId: 'q2', right: { passageId: 'c', score: 0.61 }, wrong: { passageId: 'd', score: 0.6 } },
  ],
});
const metrics = { hitRateAt1: 0.5, questions: 4, passages: 500 } as Metrics;
const dev = (step: number, given: DevScores, sampleOf?: number): RunEventBody => ({
  ...{ type: 'devEvaluation', step, metrics, best: step > 0, scores: given },
  ...(sampleOf === undefined ? {} : { sampleOf }),
});
const early = scores([0.51, 0.53, 0.55], [0.51, 0.53, 0.55], [0.21, 0.23]);
const late = scores([0.71, 0.73, 0.75], [0.41, 0.43, 0.45], [-0.09, -0.07]);
const record = { status: 'running', steps: 100, experiment: defaultExperiment() } as RunRecord;

describe('the picture of scores on dev', () => {
  it('spans all scores, with the medians of each evaluation', () => {
    const picture = scorePicture(viewAfter([0, dev(0, early)], [1, dev(25, late)]).dev);
    expect(picture?.low).toBeCloseTo(-0.1);
    expect(picture?.high).toBeCloseTo(0.76);
    expect(picture?.rows.map(({ step }) => step)).toEqual([0, 25]);
    expect(picture?.rows[1]?.medians.right).toBeCloseTo(0.73);
    expect(picture?.rows[1]?.medians.randomWrong).toBeCloseTo(-0.09);
  });

  it('draws lists of different lengths to one scale, each share as a bar on the axis', () => {
    const picture = scorePicture([
      { step: 0, best: false, metrics, scores: scores([0.01, 0.01, 0.03, 0.03], [0.05], []) },
    ]);
    // Three bins from 0 to 0.06: half of the right scores in each of the first two, all wrong ones in the third.
    expect(picture?.rows[0]?.paths.right).toBe('M0.0,100V51.0H333.3V51.0H666.7V100');
    expect(picture?.rows[0]?.paths.bestWrong).toBe('M666.7,100V2.0H1000.0V100');
    expect(picture?.rows[0]?.paths.randomWrong).toBe('');
  });

  it('shows at most six evaluations, with the first and the newest', () => {
    const many = Array.from({ length: 21 }, (_, i): [number, RunEventBody] => [i, dev(5 * i, early)]);
    const steps = scorePicture(viewAfter(...many).dev)?.rows.map(({ step }) => step);
    expect(steps).toEqual([0, 20, 40, 60, 80, 100]);
  });

  it('is not drawn for a run without scores', () => {
    expect(scorePicture([{ step: 0, best: false, metrics }])).toBeNull();
  });
});

describe('the histograms of right and wrong scores', () => {
  const shown = (...events: [number, RunEventBody][]) =>
    render(ScoreSpread, { props: { view: viewAfter(...events), lastStep: 100 } }).body;

  it('compare the newest dev evaluation with the one before training, with the distance of the medians', () => {
    const body = shown([0, dev(0, early)], [1, dev(25, early)], [2, dev(50, late)]);
    expect(body.match(/<svg/g)).toHaveLength(2);
    expect(body).toContain('right passages score 0.82 above random wrong ones; before training, 0.32 above');
    expect(body).toContain('Before training: right median 0.32 above wrong');
    expect(body).toContain('Step 50: right median 0.82 above wrong');
  });

  it('show a single evaluation without comparing it with itself', () => {
    const body = shown([0, dev(0, early)]);
    expect(body.match(/<svg/g)).toHaveLength(1);
    expect(body).toContain('score 0.32 above random wrong ones<');
  });

  it('say in words that right passages score below wrong ones', () => {
    const [start, now] = [0.2, 0.6].map((right) => scores([right], [0.5], [0.4]));
    const body = shown([0, dev(0, start ?? early)], [1, dev(25, now ?? late)]);
    expect(body).toContain('score 0.20 above random wrong ones; before training, 0.20 below');
    expect(zh.train.devScores.spread(-0.2, { step: 0, gap: 0.1 })).toMatch(/低 0\.20，训练前高 0\.10$/);
    expect(en.train.scoreGap(-0.2, 0.1)).toBe('Positives score below negatives by 0.2; at the start, above by 0.1');
    expect(zh.train.scoreGap(-0.2, 0.1)).toBe('正例得分比负例低 0.2，开始时高 0.1');
  });

  it('are drawn on an axis and to a scale that only the drawn evaluations and kinds decide', () => {
    const [first, between, best] = [
      scores([0.51], [], [0.21]),
      scores([0.99], [], [-0.5]),
      scores([0.51], [0.9], [0.21]),
    ];
    const of = (...given: DevScores[]) =>
      scorePicture(viewAfter(...given.map((one, i): [number, RunEventBody] => [i, dev(i, one)])).dev, rightAndRandom);
    expect(of(first, between, best)).toEqual({ ...of(first, best), rows: of(first, between, best)?.rows });
    expect(of(first, between, best)).toMatchObject({ low: 0.2, high: expect.closeTo(0.52) as number });
    expect(Object.keys(of(best)?.rows[0]?.paths ?? {})).toEqual(['randomWrong', 'right']);
  });

  it('are missing as long as nothing was scored', () => {
    expect(shown()).not.toContain('<section');
  });
});

describe('the hit counts beside the chart of a run', () => {
  const shown = (...hitRates: number[]) => {
    const readings = hitRates.map((first, i) => ({ step: 25 * i, first, firstTen: first + 0.25, questions: 4 }));
    const picture = { steps: [], loss: [], smooth: [], dev: readings };
    return render(RunPicture, { props: { picture, steps: 100, bestStep: null, over: false } }).body;
  };

  it('give the first dev evaluation out of all questions, and compare later ones with it', () => {
    expect(shown(0.25)).toContain('>1 of 4<');
    expect(shown(0.25)).not.toContain('→');
    expect(shown(0.25, 0.5)).toContain('>1 → 2<');
    expect(shown(0.25, 0.5, 0.75)).toContain('>2 → 4<');
  });
});

describe('the panel of scores on dev', () => {
  it('says in its title how far right and best wrong passages are apart, and lists the hardest questions', () => {
    const view = viewAfter([0, dev(0, early)], [1, dev(25, late)]);
    const { body } = render(DevScoresPanel, { props: { view, record } });
    expect(body).toMatch(/0\.73.*0\.43/s);
    expect(body).toContain('data-testid="hardest-questions"');
    expect(body).toContain('−0.120');
    expect(body).toContain('+0.010');
  });
});

describe('the headline on a run that evaluates dev on a sample', () => {
  it('says on how many passages', () => {
    const view = (sampleOf?: number) =>
      viewAfter(
        [0, phase('train')],
        [1, dev(0, early, sampleOf)],
        [2, { type: 'step', step: 25 } as RunEventBody],
        [3, dev(25, late, sampleOf)],
      );
    expect(runHeadline(en, record, view(20_000), null).title).toContain('On dev (a sample of 500 passages), the first');
    expect(runHeadline(zh, record, view(20_000), null).title).toContain('验证集（抽样 500 段）第一条就对');
    expect(runHeadline(en, record, view(), null).title).toContain('On dev, the first');
  });
});

describe('the texts of the hardest questions', () => {
  it('are those of dev and of the knowledge base, cut, without ids that are unknown', async () => {
    const db = await freshDatabase();
    const stored = async (role: 'knowledgeBase' | 'questions' | 'pairs', rows: object[]) => {
      const file = new File([JSON.stringify(rows)], `${role}.json`);
      return (await importDataset(db, [file], role, () => undefined)).dataset.contentSha256;
    };
    const experiment = {
      ...defaultExperiment(),
      data: [
        {
          role: 'knowledgeBase' as const,
          contentSha256: await stored('knowledgeBase', [
            { id: 'a', text: '猪'.repeat(400) },
            { id: 'b', text: 'b' },
          ]),
        },
        {
          role: 'questions' as const,
          part: 'dev' as const,
          contentSha256: await stored('questions', [{ id: 'q1', query: '仔猪几天断奶', relevant: ['a'] }]),
        },
      ],
    };
    const { questions, passages } = await devTexts(db, experiment, {
      questions: ['q1', 'q9'],
      passages: ['a', '__proto__'],
    });
    expect([...questions]).toEqual([['q1', '仔猪几天断奶']]);
    expect([...passages]).toEqual([['a', '猪'.repeat(300)]]);
  });
});
