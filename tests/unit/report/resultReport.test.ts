import { describe, expect, it } from 'vitest';
import { answerAt } from '../../../src/domain/evaluate/answerAt';
import { compareTable } from '../../../src/domain/evaluate/compareTable';
import { modelFigures } from '../../../src/domain/evaluate/questionFigures';
import type { ThresholdFigures } from '../../../src/domain/evaluate/threshold';
import { comparisonMetrics } from '../../../src/domain/report/comparisonMetrics';
import { resultSheets, type SheetWords } from '../../../src/domain/report/resultSheets';
import { reportExamples, shownPassageIds } from '../../../src/domain/report/reportExamples';
import { bestModel } from '../../../src/domain/report/reportFacts';
import { htmlReport } from '../../../src/domain/report/htmlReport';
import { markdownReport } from '../../../src/domain/report/markdownReport';
import { wellFormed } from '../../../src/domain/wellFormed';
import { probeSentence } from '../../../src/ui/evaluate/probeText';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { resultDocument } from '../../../src/ui/report/result/resultDocument';
import { factsOf, hostileTexts, trainingFacts } from './facts';

const reports = (['zh', 'en'] as const).flatMap((language) =>
  [factsOf(), factsOf(trainingFacts)].map((facts) => ({
    kind: `${facts.training ? 'run' : 'comparison'} in ${language}`,
    document: resultDocument(language === 'zh' ? zh : en, language, facts),
  })),
);

/** The elements and attributes of a report. None of them can run a script or load anything. */
const allowedTags = new Set(
  `!doctype html head meta title style body main h1 h2 h3 p section figure figcaption b dl dt dd code div table thead
  tbody tr th td footer svg path line circle text`.split(/\s+/),
);
const allowedAttributes = new Set(
  `lang charset http-equiv content name class tabindex scope viewBox role aria-label d fill stroke stroke-width
  stroke-dasharray x y x1 x2 y1 y2 cx cy r text-anchor html`.split(/\s+/),
);

describe.each(reports)('the HTML report of a $kind', ({ document }) => {
  const html = htmlReport(document);

  it('has only elements and attributes that neither run nor load anything', () => {
    const tags = [...html.matchAll(/<\/?([^\s>/]+)([^>]*)>/g)];
    expect(tags.length).toBeGreaterThan(50);
    for (const [, tag = '', rest = ''] of tags) {
      expect(allowedTags, tag).toContain(tag);
      for (const [, attribute = ''] of rest.replace(/"[^"]*"/g, '""').matchAll(/([^\s=/"]+)/g))
        expect(allowedAttributes, attribute).toContain(attribute);
    }
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/url\(|@import|javascript:alert\(1\)"/);
  });

  it('names every block that scrolls by keyboard, each by a name of its own', () => {
    const scrolling = [...html.matchAll(/<[^>]*tabindex="0"[^>]*>/g)].map(([tag]) => tag);
    expect(scrolling.length).toBeGreaterThan(2);
    const names = scrolling.map((tag) => /role="region" aria-label="([^"]+)"/.exec(tag)?.[1]);
    expect(names).not.toContain(undefined);
    expect(new Set(names).size).toBe(names.length);
  });

  it('shows hostile texts as they are, without characters that HTML does not allow', () => {
    expect(html).toContain('&lt;b&gt;实验&lt;/b&gt; =1+1');
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
    expect(wellFormed(html)).toBe(html);
  });
});

describe.each(reports)('the Markdown report of a $kind', ({ document }) => {
  it('escapes what Markdown and HTML would interpret', () => {
    const markdown = markdownReport(document);
    expect(markdown).toContain('\\<b\\>实验\\</b\\> =1+1');
    expect(markdown).not.toMatch(/(?<!\\)<(script|img|b|i)\b/);
    expect(markdown).not.toMatch(/(?<!\\)\]\(javascript/);
    const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) expect(row.endsWith('|')).toBe(true);
  });
});

it('a Markdown report leaves figures as they are, and no text begins a list or a rule', () => {
  const { sections, ...rest } = resultDocument(en, 'en', factsOf());
  const texts = ['31.0% (1–2)', '+13.8', '−2', '1. item', '- item', '---', '1) item', '2.5'];
  const blocks = texts.map((text) => ({ kind: 'text' as const, text }));
  const lines = markdownReport({ ...rest, sections: [{ title: sections[0]?.title ?? '', blocks }] }).split('\n');
  for (const line of ['31.0% (1–2)', '+13.8', '−2', '1\\. item', '\\- item', '\\---', '1\\) item', '2.5'])
    expect(lines).toContain(line);
});

it('a report states the findings with their fix, the uses of test, and the candidates that failed', () => {
  const html = htmlReport(resultDocument(en, 'en', factsOf(trainingFacts)));
  for (const text of [
    en.doctor.findings.fewSteps.title({ steps: 5, enough: 100, pairs: 11 }),
    en.resultReport.risks.testUses(3),
    en.doctor.fixes.removeNearDuplicates({ setting: 'removeNearDuplicates' }),
  ])
    expect(html).toContain(text.replaceAll("'", '&#39;'));
  expect(html).toContain('Not evaluated: 坏&lt;模型&gt;');
});

it('a report of a run whose data is gone says that the checks are not known', () => {
  const html = htmlReport(resultDocument(en, 'en', factsOf({ ...trainingFacts, findings: null })));
  expect(html).toContain(en.resultReport.risks.unknown);
});

it('the examples of a report are the questions that crossed the line, largest change first', () => {
  const facts = factsOf({ judgedId: 'b' });
  const { won, lost, wonCount, lostCount } = reportExamples(facts);
  // a: 1 2 3 4 5 1 2 …; b: 1 2 3 ∞ 2 3 1 ∞ 3 1 2 ∞ 1 2
  expect(won.map(({ questionId }) => questionId)).toEqual(['q9', 'q12', 'q6']);
  expect(lost.map(({ questionId }) => questionId)).toEqual(['q5', 'q10']);
  expect([wonCount, lostCount]).toEqual([3, 2]);
});

it('the best model has the highest hit rate and is never the baseline if there is another', () => {
  const { rows } = factsOf();
  expect(bestModel(rows, 'a', 1)).toBe('c');
  expect(bestModel(rows, 'c', 1)).not.toBe('c');
  expect(bestModel(rows.slice(0, 1), 'a', 1)).toBe('a');
});

it('of two models with equal hit rates the best has the higher MRR@10, and of equals it is the first', () => {
  const results = (second: number) => [1, second].map((rank, i) => ({ questionId: `q${i}`, ranks: [rank] }));
  const ranked = { base: 9, slow: 8, fast: 2, same: 2 };
  const models = Object.entries(ranked).map(([id, second]) => ({ id, results: results(second) }));
  const { rows } = compareTable(models, 'base', 1);
  expect(bestModel(rows, 'base', 1)).toBe('fast');
  expect(bestModel(rows.toReversed(), 'base', 1)).toBe('same');
});

it('a report shows the texts of right passages, and of those found first in its examples', () => {
  const result = (questionId: string, rank: number, passageId: string) => ({
    ...{ questionId, ranks: [rank], top: [{ passageId, score: 1 }] },
  });
  const [model] = factsOf().models;
  if (!model) throw new Error('there is no model');
  const models = [
    { ...model, id: 'a', results: [result('won', 2, 'a1'), result('same', 1, 'a2')] },
    { ...model, id: 'b', results: [result('won', 1, 'b1'), result('same', 1, 'b2')] },
  ];
  const questions = [{ id: 'won', text: '', topic: null, relevant: ['r1', 'b1'] }];
  const shown = shownPassageIds({ models, baselineId: 'a', judgedId: 'b', k: 1, questions });
  expect(shown.toSorted()).toEqual(['a1', 'b1', 'r1']);
});

describe('a report in Chinese', () => {
  it('has no space between two sentences', () => {
    const texts = [factsOf(), factsOf(trainingFacts)].map((facts) => markdownReport(resultDocument(zh, 'zh', facts)));
    for (const text of texts) expect(text).not.toMatch(/。 /);
  });
});

it('a report says how many questions were left out, and nothing if that is not known', () => {
  const leadOf = (leftOut: number | null) => resultDocument(en, 'en', factsOf({ leftOut })).lead.join('\n');
  expect(leadOf(4)).toContain(en.resultReport.leftOut(4));
  expect(leadOf(null)).not.toContain('left out');
});

describe('what was decided or measured beside the results of a report', () => {
  const figures = { answered: 9, questions: 14, right: 8 } as ThresholdFigures;
  const results = factsOf().models;
  const answer = answerAt(results[0]?.results ?? [], results[2]?.results ?? [], 1);
  const decision = {
    number: 1,
    part: 'test',
    questionId: 'q0',
    question: hostileTexts[0] ?? '',
    passageId: 'p9',
  } as const;
  const facts = factsOf({
    extras: {
      thresholds: [
        {
          name: 'tuned',
          threshold: { value: 0.41, rule: { by: 'precision', share: 0.9 }, dev: figures, test: null, chosenAt: 0 },
        },
      ],
      labels: {
        ...{ changes: 2, changed: 1, unanswered: 1, inexact: 1 },
        models: [modelFigures(results[0] ?? { id: 'a', results: [] }, 1)],
        decisions: [{ ...decision, mark: 'right' }],
      },
      pairs: null,
      probe: {
        answer,
        passages: 325,
        name: null,
      },
      probeTable: {
        ...{ name: 'others.jsonl', questions: 4, passages: 60, k: 1, baseline: '模型 a' },
        rows: [
          { name: '模型 a', hits: 2, against: null },
          { name: '模型 b', hits: 3, against: { ...answer, interval: { low: -0.25, high: 0.5 }, adjusted: 0.25 } },
        ],
      },
    },
  });

  it('is stated in the page and in Markdown', () => {
    for (const language of [en, zh]) {
      const text = markdownReport(resultDocument(language, 'en', facts));
      for (const part of [
        language.resultReport.threshold.figures(9, 14, 8),
        language.resultReport.labels.text(2, 1),
        language.questions.figures.unanswered(1),
        probeSentence(language.probe, answer),
        language.questions.figures.hits(3, 4),
      ])
        expect(text.replaceAll('\\', '')).toContain(part);
    }
    const without = markdownReport(resultDocument(en, 'en', factsOf()));
    for (const { title } of [en.resultReport.threshold, en.probe]) expect(without).not.toContain(`## ${title}`);
  });

  it('names the experiment whose questions are the probe set', () => {
    const { extras } = facts;
    const titled = (name: string | null): string =>
      markdownReport(resultDocument(en, 'en', { ...facts, extras: { ...extras, probe: { ...extras.probe!, name } } }));
    expect(titled(null)).toContain('## General ability');
    expect(titled('Manuals')).toContain('## Answers to the questions of “Manuals”');
    expect(titled('Manuals')).not.toContain('General ability');
  });

  it('is counted in metrics.json, and the decisions are a sheet of their own', () => {
    expect(comparisonMetrics(facts)).toMatchObject({
      labelDecisions: { changes: 2, changedQuestions: 1, models: [{ name: '模型 a' }], decisions: [{ number: 1 }] },
    });
    expect(comparisonMetrics(factsOf())).toMatchObject({ labelDecisions: { changes: 0 } });
    const names = { questionsSheet: 'Q', metricsSheet: 'M', title: 't', metric: 'm', notFound: '–' };
    const { entry: marks } = en.questions.marks;
    const words: SheetWords = { ...en.resultReport.sheet, ...names, marks, about: [], metrics: {} };
    const sheets = resultSheets(facts, words);
    expect(sheets.map(({ name }) => name)).toEqual(['Q', 'M', 'Label decisions']);
    expect(sheets[2]?.rows[1]).toEqual([{ value: 1, format: '0' }, 'q0', hostileTexts[0], 'p9', 'also the answer']);
    expect(resultSheets(factsOf(), words)).toHaveLength(2);
  });
});
