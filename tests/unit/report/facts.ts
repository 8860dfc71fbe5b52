import { compareTable } from '../../../src/domain/evaluate/compareTable';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { bestModel, noExtras, type ReportFacts, type ReportedModel } from '../../../src/domain/report/reportFacts';

/** Texts that try to attack whatever displays them. */
export const hostileTexts = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "=cmd|'/C calc'!A0",
  '+1+1',
  '@SUM(A1)',
  '-2+3',
  '\t=1+1',
  '控制\u0000\u0008\u001b字符',
  '_x000D_ 不是换行',
  '第一行\r\n第二行\r第三行',
  '孤\ud800代理',
  '[链接](javascript:alert(1)) | `代码` **粗** # 标题',
  '长'.repeat(40_000),
  `${'a'.repeat(32_700)}${'😀'.repeat(100)}`,
];

function modelOf(id: string, ranks: (question: number) => number): ReportedModel {
  const results = hostileTexts.map((_, i) => {
    const rank = ranks(i);
    const found = Number.isFinite(rank) ? { rightScore: 1 / rank } : {};
    return { questionId: `q${i}`, ranks: [rank], top: [{ passageId: `p${(i + 1) % 3}`, score: 0.5 }], ...found };
  });
  const size = { bytes: 1e6, dimension: 8 };
  return {
    id,
    name: `模型 ${id}`,
    detail: '=1',
    kind: 'base',
    settings: null,
    passagesPerSecond: 12.5,
    ...size,
    results,
  };
}

/** Returns the facts of a comparison of three models on questions with hostile texts, or of a run that trained one. */
export function factsOf(changes: Partial<ReportFacts> = {}): ReportFacts {
  const models = [
    modelOf('a', (i) => 1 + (i % 5)),
    modelOf('b', (i) => (i % 4 === 3 ? Infinity : 1 + (i % 3))),
    modelOf('c', () => 1),
  ];
  const { rows } = compareTable(models, 'a', 1);
  return {
    name: '<b>实验</b> =1+1',
    createdAt: 0,
    build: '0.1.0+abc',
    part: 'test',
    k: 1,
    passages: 20,
    leftOut: 1,
    testUses: 3,
    knowledgeBaseSha256: null,
    questions: hostileTexts.map((text, i) => ({ id: `q${i}`, text, topic: null, relevant: [`p${i % 3}`] })),
    models,
    rows,
    baselineId: 'a',
    judgedId: bestModel(rows, 'a', 1),
    training: null,
    findings: null,
    extras: noExtras,
    failures: [{ name: '坏<模型>', what: 'questions', error: { kind: 'vectors-not-finite', texts: 1, of: 2 } }],
    texts: new Map(hostileTexts.slice(0, 3).map((text, i) => [`p${i}`, text])),
    ...changes,
  };
}

export const trainingFacts: Partial<ReportFacts> = {
  training: {
    model: '<i>demo</i>',
    experiment: parseExperiment({}),
    rows: { pairs: 12, knowledgeBase: 20 },
    pairs: 11,
    keptStep: 3,
    steps: 5,
    device: null,
    experimentHash: 'e'.repeat(64),
    weightsSha256: 'f'.repeat(64),
  },
  findings: [
    { kind: 'fewSteps', severity: 'warns', facts: { steps: 5, enough: 100, pairs: 11 } },
    {
      kind: 'nearDuplicates',
      severity: 'advises',
      facts: { pairs: 2, scored: 0 },
      fix: { setting: 'removeNearDuplicates' },
    },
  ],
};
