import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { answerAt } from '../../../src/domain/evaluate/answerAt';
import type { LabelDecision } from '../../../src/domain/evaluate/labelDecisions';
import { sharedTerms } from '../../../src/domain/evaluate/sharedTerms';
import type { Database } from '../../../src/storage/database';
import { getEvaluation, putEvaluation } from '../../../src/storage/evaluations';
import { getExperiment, putExperiment } from '../../../src/storage/experiments';
import { getRun, putRun } from '../../../src/storage/runs';
import { comparedData } from '../../../workers/services/evaluate/comparedData';
import { compareWithKeywords } from '../../../workers/services/evaluate/compareRun';
import { explainQuestion } from '../../../workers/services/evaluate/explainQuestion';
import { figuresOf, listQuestions } from '../../../workers/services/evaluate/judgedResults';
import { demoRun, serveDemo } from './demoRun';

serveDemo();

let demo: ReturnType<typeof demoRun> | null = null;
/** Stores the demo once for all tests, which state their own decisions and results. */
async function given(): ReturnType<typeof demoRun> {
  const { db, runId, store } = await (demo ??= demoRun());
  await decide(db, runId, () => []);
  await store('before');
  await store('after');
  return { db, runId, store };
}

/** Stores a decision about each of the first questions. Returns the questions. */
async function decide(
  db: Database,
  runId: string,
  decisionsOf: (question: { id: string; text: string; relevant: string[] }, index: number) => Partial<LabelDecision>[],
) {
  const { experimentId } = (await getRun(db, runId))!;
  const { questions, passages } = await comparedData(db, { runId }, 'test');
  const stored = (await getExperiment(db, experimentId))!;
  const labelDecisions = questions
    .flatMap((question, i) =>
      decisionsOf(question, i).map((own) => ({ questionId: question.id, question: question.text, ...own })),
    )
    .map((own, i): LabelDecision => ({ number: i + 1, part: 'test', mark: 'right', passageId: '', ...own }));
  await putExperiment(db, { ...stored, labelDecisions });
  return { questions, passages };
}

const pair = { before: 'before', after: 'after' };

describe('the figures of a run', () => {
  it('are those of the questions that are asked for, for all of its models', async () => {
    const { db, runId } = await given();
    const keywords = await compareWithKeywords(db, runId, [1], () => undefined);
    const questions = await listQuestions(db, { runId });
    const ids = questions.slice(0, 12).map(({ id }) => id);
    const request = { owner: { runId }, ids: ['before', 'keywords', 'after'], pair, k: 3, sets: [null, ids] };
    const [all, some] = await figuresOf(db, request);
    const { imported, corrected } = some!;
    expect(all?.imported.models.map((one) => one.questions)).toEqual([113, 113, 113]);
    expect(corrected).toBeNull();
    const before = { questions: 12, hits: 0, mrrAt10: 1 / 4 };
    expect(imported.models).toMatchObject([{ id: 'before', ...before }, { id: 'keywords' }, { id: 'after', hits: 12 }]);
    const own = keywords.results.filter(({ questionId }) => ids.includes(questionId));
    expect(imported.models[1]?.hits).toBe(own.filter(({ ranks }) => Math.min(...ranks) <= 3).length);
    expect(imported.answer).toMatchObject({ won: 12, lost: 0, questions: 12 });
  });

  it('are shown next to those by the changed labels, and the recorded results do not change', async () => {
    const { db, runId } = await given();
    const recorded = await getEvaluation(db, runId, 'test', 'after');
    const { questions } = await decide(db, runId, ({ relevant }, i) =>
      i < 5 ? [{ mark: 'wrong', passageId: relevant[0] ?? '' }] : i === 5 ? [{ passageId: 'gone' }] : [],
    );
    const some = questions.slice(20, 30).map(({ id }) => id);
    const request = { owner: { runId }, ids: ['before', 'after'], pair, k: 1, sets: [null, some] };
    const [found, rest] = await figuresOf(db, request);
    expect(found?.imported.models.map((one) => one.questions)).toEqual([113, 113]);
    expect(found?.corrected).toMatchObject({ changes: 5, changed: 5, unanswered: 5, inexact: 0 });
    expect(found?.corrected?.models.map((one) => one.questions)).toEqual([108, 108]);
    expect(found?.stale).toBe(1);
    expect(await getEvaluation(db, runId, 'test', 'after')).toEqual(recorded);
    expect(rest?.corrected).toBeNull();
  });

  it('count a second right passage that is among the first ten of a model', async () => {
    const { db, runId } = await given();
    const { questions, passages } = await comparedData(db, { runId }, 'test');
    const results = questions.map(({ id, relevant }) => {
      const others = passages.filter((passage) => !relevant.includes(passage.id)).slice(0, 10);
      return {
        questionId: id,
        ranks: [30],
        top: others.map((passage, i) => ({ passageId: passage.id, score: 1 - i / 9 })),
      };
    });
    const evaluation = (await getEvaluation(db, runId, 'test', 'before'))!;
    await putEvaluation(db, { ...evaluation, moment: 'after', results });
    await decide(db, runId, ({ relevant }, i) => {
      const first = passages.find((passage) => !relevant.includes(passage.id));
      return i < 40 ? [{ mark: 'right', passageId: first?.id ?? '' }] : [];
    });
    const request = { owner: { runId }, ids: ['after'], pair, k: 1, sets: [null] };
    const [{ imported, corrected } = {}] = await figuresOf(db, request);
    expect(imported?.models[0]?.hits).toBe(0);
    expect(corrected?.models[0]).toMatchObject({ hits: 40, questions: 113 });
    expect(corrected?.answer).toBeNull();
    expect(answerAt(results, results, 1).hitsAfter).toBe(0);
  });
});

describe('the figures of a run by changed labels', () => {
  it('have no test beyond the stored passages if a rank that counts is not known', async () => {
    const { db, runId } = await given();
    const evaluation = (await getEvaluation(db, runId, 'test', 'after'))!;
    const { passages } = await comparedData(db, { runId }, 'test');
    const others = (relevant: readonly string[]) => passages.filter(({ id }) => !relevant.includes(id));
    const { questions } = await decide(db, runId, ({ relevant }, i) =>
      i < 40 ? [{ passageId: others(relevant).at(-1)?.id ?? '' }] : [],
    );
    // After training, the added passage is at rank 5. Before, it is not among the stored ones, but may be at rank 15.
    const results = (isShown: boolean) =>
      questions.map(({ id, relevant }) => {
        const top = [...others(relevant).slice(0, 10)];
        if (isShown) top[4] = others(relevant).at(-1)!;
        return { questionId: id, ranks: [30], top: top.map((passage) => ({ passageId: passage.id, score: 0.5 })) };
      });
    await putEvaluation(db, { ...evaluation, moment: 'before', results: results(false) });
    await putEvaluation(db, { ...evaluation, moment: 'after', results: results(true) });
    const answers = [];
    for (const k of [10, 20]) {
      const [found] = await figuresOf(db, { owner: { runId }, ids: ['before', 'after'], pair, k, sets: [null] });
      answers.push([found?.corrected?.inexact, found?.corrected?.answer?.won, found?.imported.answer?.won]);
    }
    expect(answers).toEqual([
      [40, 40, 0],
      [40, undefined, 0],
    ]);
  });
});

describe('a run whose data was deleted', () => {
  it('still has the figures of its own two models by the recorded labels', async () => {
    const { db, runId } = await given();
    const { experimentId, ...run } = (await getRun(db, runId))!;
    const entry = run.experiment.data.find(({ part }) => part === 'test')!;
    const gone = { ...entry, contentSha256: '0'.repeat(64) };
    const data = run.experiment.data.map((one) => (one === entry ? gone : one));
    await putRun(db, { ...run, experimentId, runId: 'gone', experiment: { ...run.experiment, data } });
    for (const moment of ['before', 'after'] as const)
      await putEvaluation(db, { ...(await getEvaluation(db, runId, 'test', moment))!, runId: 'gone' });
    const request = { ids: ['before', 'keywords', 'after'], pair, k: 1, sets: [null] };
    const [whole] = await figuresOf(db, { ...request, ids: ['before', 'after'], owner: { runId } });
    const found = await figuresOf(db, { ...request, owner: { runId: 'gone' } });
    expect(found).toEqual([{ imported: whole?.imported, corrected: null, stale: 0 }]);
    await expect(listQuestions(db, { runId: 'gone' })).rejects.toMatchObject({ details: { kind: 'data-missing' } });
  });
});

describe('the questions of a run', () => {
  it('have the topic and document of the right passage if they state none', async () => {
    const { db, runId } = await given();
    const { questions, passages } = await comparedData(db, { runId }, 'test');
    const listed = await listQuestions(db, { runId });
    expect(listed.map(({ id }) => id)).toEqual(questions.map(({ id }) => id));
    const topicOf = new Map(passages.map(({ id, kept }) => [id, kept?.topic ?? null]));
    expect(listed.map(({ topic }) => topic)).toEqual(
      questions.map(({ kept, relevant }) => kept?.topic ?? topicOf.get(relevant[0] ?? '') ?? null),
    );
  });

  it('are explained by shared words, passages that nearly repeat the right one, and texts that the model cuts', async () => {
    const { db, runId } = await given();
    const { experiment } = (await getRun(db, runId))!;
    const { questions, passages } = await comparedData(db, { runId }, 'test');
    const textOf = (id: string | undefined): string => passages.find((passage) => passage.id === id)?.text ?? '';
    const question = questions.find(({ text, relevant }) => sharedTerms(text, textOf(relevant[0])).length > 0);
    const right = question?.relevant[0] ?? '';
    const wrong = passages.find(({ id }) => id !== right)?.id ?? '';
    const model = { ...experiment.model!, maxTokens: 16 };
    const explained = await explainQuestion(db, {
      owner: { runId },
      questionId: question?.id ?? '',
      passageIds: [right, wrong, right, 'gone'],
      candidates: [
        { kind: 'base', model },
        { kind: 'keywords' },
        null,
        { kind: 'run', runId: 'gone', weights: 'kept' },
      ],
    });
    expect(Object.keys(explained.texts).sort()).toEqual([right, wrong].sort());
    expect(explained.texts[right]?.map((piece) => piece.text).join('')).toBe(textOf(right));
    expect(explained.texts[right]?.some(({ isMarked }) => isMarked)).toBe(true);
    expect(explained.nearDuplicates).toEqual([]);
    const [cut, ...others] = explained.truncated;
    expect(cut).toEqual([{ passageId: right, tokens: expect.any(Number) as number, read: 16 }]);
    expect(cut?.[0]?.tokens).toBeGreaterThan(16);
    expect(others).toEqual([[], [], []]);
  });

  it('are explained by what a prompt and a trained prefix leave of a text, without counting these as part of it', async () => {
    const { db, runId } = await given();
    const { experiment } = (await getRun(db, runId))!;
    const { questions } = await comparedData(db, { runId }, 'test');
    const { id = '', relevant = [] } = questions[0] ?? {};
    const truncated = async (model: NonNullable<typeof experiment.model>) =>
      (
        await explainQuestion(db, {
          ...{ owner: { runId }, questionId: id, passageIds: relevant },
          candidates: [{ kind: 'base', model }],
        })
      ).truncated[0];
    const [whole] = (await truncated({ ...experiment.model!, maxTokens: 8, passagePrefix: '' })) ?? [];
    const [prompted] = (await truncated({ ...experiment.model!, maxTokens: 8, passagePrefix: '问问' })) ?? [];
    expect(whole).toMatchObject({ read: 8 });
    expect(prompted).toEqual({ ...whole, read: 6 });
  });
});
