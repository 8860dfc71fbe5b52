import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { defaultExperiment, type Experiment } from '../../../../src/domain/experiment';
import { applyFix } from '../../../../src/domain/train/doctor/applyFix';
import { putModel } from '../../../../src/storage/models';
import { importDataset } from '../../../../workers/services/import/importDataset';
import { countSplit } from '../../../../workers/services/split/countSplit';
import { examineTexts } from '../../../../workers/services/train/examineTexts';
import { freshDatabase } from '../../storage/support';
import { demoFiles, demoModel } from '../../tokenize/demoModel';
import { found } from './patient';

const model = demoModel(demoFiles('tokenizer.json', 'tokenizer_config.json'));

/** Stores 60 pairs over 30 long passages, with the given questions, and returns the facts found in their texts. */
async function examined(trainQuestion: (i: number) => string, testQuestion: (i: number) => string) {
  const db = await freshDatabase();
  await putModel(db, model);
  const stored = async (role: 'knowledgeBase' | 'pairs' | 'questions', rows: object[]) => {
    const file = new File([JSON.stringify(rows)], `${role}.json`);
    return (await importDataset(db, [file], role, () => undefined)).dataset.contentSha256;
  };
  const passage = (i: number) => `母猪第${i % 30}天的采食量`.repeat(4);
  const data = [
    {
      role: 'knowledgeBase' as const,
      contentSha256: await stored(
        'knowledgeBase',
        Array.from({ length: 30 }, (_, i) => ({ id: `p${i}`, text: passage(i) })),
      ),
    },
    {
      role: 'pairs' as const,
      contentSha256: await stored(
        'pairs',
        Array.from({ length: 60 }, (_, i) => ({ anchor: trainQuestion(i), positive: passage(i) })),
      ),
    },
    {
      role: 'questions' as const,
      part: 'test' as const,
      contentSha256: await stored(
        'questions',
        Array.from({ length: 20 }, (_, i) => ({ query: testQuestion(i), pid: `p${i}` })),
      ),
    },
  ];
  const settings = { pooling: 'mean', normalize: true, maxTokens: 16, queryPrefix: '', passagePrefix: '' } as const;
  const experiment: Experiment = {
    ...defaultExperiment(),
    data,
    split: { devFraction: 0, devMaximum: 1 },
    model: { contentSha256: model.contentSha256, ...settings },
  };
  const factsOf = async (one: Experiment) => ({
    model,
    split: await countSplit(db, one, () => undefined),
    texts: await examineTexts(db, one, () => undefined),
    memory: null,
  });
  return { experiment, factsOf };
}

it('the data worker finds truncated passages, and none with the limit set by the fix', async () => {
  const { experiment, factsOf } = await examined(
    (i) => `第${i}问`,
    (i) => `第${i}题`,
  );
  const [finding] = found('truncated', experiment, await factsOf(experiment));
  expect(finding?.facts).toMatchObject({ side: 'passages', truncated: 90, texts: 90, maxTokens: 16, limit: 512 });
  const fixed = applyFix(experiment, { fix: finding?.fix });
  expect(found('truncated', fixed, await factsOf(fixed))).toEqual([]);
});

it('the data worker counts pairs that share a passage', async () => {
  const { experiment, factsOf } = await examined(
    (i) => `第${i}问`,
    (i) => `第${i}题`,
  );
  expect((await factsOf(experiment)).texts).toMatchObject({ repeated: 60, samePassage: 30 });
});

it('the data worker finds a prompt that only the training questions begin with', async () => {
  const { experiment, factsOf } = await examined(
    (i) => `请根据知识库回答：${'猪牛羊鸡鸭'[i % 5] ?? ''}病${i}`,
    (i) => `第${i}题`,
  );
  expect(found('promptMismatch', experiment, await factsOf(experiment))).toMatchObject([
    { facts: { side: 'questions', prompt: '请根据知识库回答：', training: 1, evaluation: 0 } },
  ]);
});
