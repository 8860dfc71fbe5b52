import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import { defaultStage } from '../../../src/domain/experiment';
import { defaultLora } from '../../../src/domain/train/loraSchema';
import { evaluationOf } from '../storage/support';
import { card, lines, section, type Changes } from './cards';

describe('the score threshold of a model card', () => {
  const dev = {
    ...{ questions: 40, unanswerable: 5, unanswerableAnswered: 1, answered: 30, right: 27, rejectedRight: 3 },
    ...{ precision: 0.9, recall: 0.9, f1: 0.9, precisionInterval: { low: 0.744, high: 0.9654 } },
  };
  const threshold = { value: 0.62, rule: { by: 'precision', share: 0.9 }, dev, test: null, chosenAt: 1 } as const;

  it('is stated with its rule and its outcomes on dev and on test', () => {
    const own = section('Score threshold', {
      threshold: { ...threshold, test: { ...dev, answered: 0, precision: null } },
    });
    expect(own.join(' ')).toContain('at least 0.62');
    expect(own).toContain('验证集上精确率至少 90.0% / precision of at least 90.0% on dev');
    expect(own).toContain('| 验证集 / Dev | 40 | 30 | 27 | 90.0% (74.4%–96.5%) | 90.0% | 10 | 3 | 1 / 5 |');
    expect(own.at(-1)).toBe('| 测试集 / Test | 40 | 0 | 27 | – | 90.0% | 40 | 3 | 1 / 5 |');
  });

  it('says if it was not evaluated on test, and is left out if none was stored', () => {
    expect(section('Score threshold', { threshold }).at(-1)).toContain('Not looked at on test');
    expect(card()).not.toContain('Score threshold');
    for (const rule of [{ by: 'f1' }, { by: 'rejection', share: 0.1 }] as const)
      expect(card({ threshold: { ...threshold, rule } })).toContain(rule.by === 'f1' ? 'best F1' : 'at most 10.0%');
  });
});

describe('the model card', () => {
  it('begins with the metadata that model hubs read, and the name of the model', () => {
    expect(lines().slice(0, 5)).toEqual([
      '---',
      'library_name: sentence-transformers',
      'tags: [sentence-similarity, feature-extraction]',
      '---',
      '# demo',
    ]);
  });

  it('has its sections in order, each in both languages', () => {
    const headings = lines().filter((line) => line.startsWith('## '));
    expect(headings.map((line) => line.split(' / ')[1])).toEqual([
      ...['Settings', 'Training', 'Results', 'SHA-256 of the data', 'Self-check', 'Code examples'],
    ]);
    expect(headings.every((line) => /^## .*\p{Script=Han}/u.test(line))).toBe(true);
  });

  it('lists the settings that change vectors', () => {
    const values = (changes: Changes): string[] =>
      section('Settings', changes)
        .filter((line) => line.startsWith('- '))
        .map((line) => line.split(': ').slice(1).join(': '));
    expect(values({})).toEqual(['mean', '是 / yes', '77 tokens', '否 / no', '无 / none', '无 / none']);
    const changed = { pooling: 'cls', normalize: false, queryPrefix: '问：', passagePrefix: '段：' } as const;
    const files = { 'sentence_bert_config.json': '{"do_lower_case":true}' };
    expect(values({ settings: changed, model: { files } })).toEqual([
      ...['cls', '否 / no', '77 tokens', '是 / yes', '`问：`', '`段：`'],
    ]);
  });

  it('says how titles are joined to passages only if the experiment joins them', () => {
    const data = (joinTitles: boolean) => [{ role: 'knowledgeBase', contentSha256: 'k', joinTitles }];
    expect(card({ experiment: { data: data(true) } })).toContain('Passages with a title: title, space, text');
    expect(card({ experiment: { data: data(false) } })).not.toContain('with a title');
  });

  it('lists the data by role and part', () => {
    const data = [
      { role: 'knowledgeBase', contentSha256: 'k' },
      { role: 'pairs', contentSha256: 'p' },
      { role: 'questions', part: 'dev', contentSha256: 'd' },
      { role: 'questions', part: 'test', contentSha256: 't' },
    ];
    expect(section('SHA-256 of the data', { experiment: { data } })).toEqual([
      '- 知识库 / Knowledge base: `k`',
      '- 训练问答对 / Training pairs: `p`',
      '- 验证问题 / Dev questions: `d`',
      '- 测试问题 / Test questions: `t`',
    ]);
  });

  it('has a vector to check a setup with, whose text cannot break the markup', () => {
    const [, , vector] = section('Self-check', { testVector: { text: 'a `b`\nc', values: [0.5, -1 / 3] } });
    expect(vector).toBe("`a 'b' c` → [0.500000, -0.333333, …]");
  });
});

describe('the results in the model card', () => {
  const { metrics, ...others } = evaluationOf('r', 0.25);
  const before = { ...others, metrics: { ...metrics, recallAt10: 0.875, mrrAt10: 0.625, ndcgAt10: 0.6875 } };
  const after: Evaluation = { ...evaluationOf('r', 0.5), hitRateAtK: { 1: 0.5, 3: 0.75 } };

  it('are a table of the metrics before and after training', () => {
    const found = section('Results', { before: { ...before, hitRateAtK: { 1: 0.25, 3: 0.5 } }, after });
    expect(found[0]).toContain('2 题');
    expect(found[1]).toContain('2 test questions, searched over 3 passages.');
    expect(found.slice(2)).toEqual([
      '| 指标 / Metric | 训练前 / Before | 训练后 / After |',
      '|---|---|---|',
      '| 检出率@1 / Hit rate @1 | 25.0% (10.0%–90.0%) | 50.0% (10.0%–90.0%) |',
      '| 检出率@3 / Hit rate @3 | 50.0% | 75.0% |',
      '| Recall@10 | 0.8750 | 1.0000 |',
      '| MRR@10 | 0.6250 | 0.7500 |',
      '| nDCG@10 | 0.6875 | 0.8000 |',
    ]);
  });

  it('are said to be missing unless there are both evaluations', () => {
    for (const changes of [{}, { before }, { after }])
      expect(section('Results', changes).at(-1)).toBe('Not evaluated on a test set.');
  });
});

describe('the code examples in the model card', () => {
  /** Returns the blocks of code: the language, then the lines. */
  const blocks = (changes: Changes = {}): string[][] =>
    card(changes)
      .split('```')
      .filter((_, index) => index % 2 === 1)
      .map((block) => block.trimEnd().split('\n'));

  it('load the folder in sentence-transformers, with the prompt for queries', () => {
    const [python = []] = blocks();
    expect(python).toContain('model = SentenceTransformer("path/to/this/folder")');
    expect(python.at(-1)).toContain('prompt_name="query"');
  });

  it('set the pooling, the prefix and the normalization in transformers.js, which has other defaults', () => {
    const changed = { pooling: 'last', normalize: false, queryPrefix: 'say "q": ' } as const;
    const last = (changes: Changes): string | undefined => blocks(changes)[1]?.at(-1);
    expect(last({ settings: changed })).toBe(
      `const vectors = await embed(["say \\"q\\": " + '问题'], { pooling: 'last_token', normalize: false });`,
    );
    expect(last({})).toBe(`const vectors = await embed(["" + '问题'], { pooling: 'mean', normalize: true });`);
  });

  it('truncate, prefix and pool in onnxruntime as the run did', () => {
    const python = blocks({ settings: { queryPrefix: '问：' } })[2] ?? [];
    expect(python).toEqual(expect.arrayContaining(['tokenizer.enable_truncation(max_length=77)']));
    expect(python).toContain('ids = np.array([tokenizer.encode("问：" + "问题").ids], dtype=np.int64)');
    expect(python.at(-1)).toContain('.run(["sentence_embedding"], inputs)[0]');
    const inputs = python.find((line) => line.startsWith('inputs = '));
    for (const name of ['input_ids', 'attention_mask', 'token_type_ids']) expect(inputs).toContain(`"${name}"`);
  });

  it('serve the folder in text-embeddings-inference with the pooling of the run', () => {
    expect(blocks({ settings: { pooling: 'cls' } })[3]?.at(-1)).toMatch(/^text-embeddings-router .* --pooling cls$/);
    expect(blocks({ settings: { pooling: 'last' } })[3]?.at(-1)).toMatch(/ --pooling last-token$/);
  });

  it('load the adapter of a LoRA run on the base model by its id on the hub, or by its path', () => {
    const stages = [{ ...defaultStage(), strategy: defaultLora }];
    const base = (model: object): string | undefined =>
      blocks({ experiment: { stages }, model })[4]?.find((line) => line.startsWith('base = '));
    expect(base({})).toBe('base = "path/to/the/base/model"');
    expect(base({ hub: { host: 'huggingface.co', id: 'org/zh', commit: 'c' } })).toBe('base = "org/zh"');
  });

  it('name the language of each block', () => {
    expect(blocks().map(([language]) => language)).toEqual(['python', 'js', 'python', 'sh']);
  });
});
