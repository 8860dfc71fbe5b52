import { describe, expect, it } from 'vitest';
import type { AppErrorDetails } from '../../../src/domain/errors';
import { errorSentence, errorSentences } from '../../../src/ui/i18n/errors';
import { importFaultSentence } from '../../../src/ui/i18n/errors/importFaults';
import { errorCases, importFaults, keys, tooSmall } from './errorCases';

describe('an error message', () => {
  it.each(errorCases)('is one complete sentence in both languages: %j', (details) => {
    const { zh, en } = errorSentences(details);
    expect(zh).toMatch(/[\u4e00-\u9fff].*。$/);
    expect(en).toMatch(/[a-z].*\.$/);
    expect(en).not.toMatch(/[\u4e00-\u9fff]/);
    expect(`${zh}${en}`).not.toMatch(/undefined|NaN|\[object/);
  });

  it('names the file and line of a broken row', () => {
    const details: AppErrorDetails = { kind: 'import-failed', file: '知识库.jsonl', line: 57, fault: 'json-broken' };
    expect(errorSentence(details, 'zh')).toBe('知识库.jsonl 第 57 行：JSON 写法有误，请检查引号、逗号和括号。');
    expect(errorSentence(details, 'en')).toBe(
      '知识库.jsonl, line 57: broken JSON; check the quotes, commas and brackets.',
    );
  });

  it('calls a row of a workbook a row', () => {
    const details: AppErrorDetails = { kind: 'import-failed', file: 'faq.XLSX', line: 2, fault: 'relevant-missing' };
    expect(errorSentence(details, 'en')).toMatch(/^faq\.XLSX, row 2: /);
    expect(errorSentence(details, 'zh')).toMatch(/^faq\.XLSX 第 2 行：/);
  });

  it("names the user's own experiment file and its fields on the command line", () => {
    const sentencesOf = (details: AppErrorDetails) => errorSentences(details, 'own.json');
    for (const details of errorCases) {
      const { zh, en } = sentencesOf(details);
      expect(`${zh}${en}`).not.toMatch(/experiment\.json(?! 文件| file)|import stage|“导入”|in the settings|“设置”|\?/);
      expect(zh).toMatch(/[\u4e00-\u9fff].*。$/);
      expect(en).toMatch(/[a-z].*\.$/);
    }
    expect(sentencesOf({ kind: 'experiment-invalid', path: 'seed', found: '"x"' }).en).toMatch(
      /^own\.json has "x" at seed;/,
    );
    expect(sentencesOf({ kind: 'experiment-invalid', path: '', found: '[]', expected: 'an object' }).en).toBe(
      'own.json has [] where an object is expected; correct it and try again.',
    );
    expect(sentencesOf({ kind: 'experiment-too-new', version: 99, supported: 1 }).en).toContain(
      'made by a newer version',
    );
    expect(sentencesOf({ kind: 'nothing-to-evaluate', part: 'test' }).en).toContain(
      'locations.testQuestions of own.json',
    );
    expect(sentencesOf({ kind: 'data-missing', role: 'questions', part: 'test' }).en).toContain(
      'locations.testQuestions of own.json',
    );
    expect(sentencesOf({ kind: 'data-missing', role: 'pairs' }).en).toContain('locations.pairs of own.json');
    expect(sentencesOf({ kind: 'model-missing' }).en).toContain('locations.model of own.json');
  });

  it('suggests remedies for a run that does not fit, and a larger budget only if the device allows one', () => {
    const sentencesOf = (change: Partial<Extract<AppErrorDetails, { kind: 'memory-too-small' }>>, file?: string) =>
      errorSentences({ ...tooSmall, ...change }, file);
    expect(sentencesOf({}).en).toBe(
      'The run needs at least 3.0 GB of memory, but the budget is 2.0 GB; raise the memory budget.',
    );
    expect(sentencesOf({ mixedStage: 1 }).en).toMatch(/; use mixed precision, or raise the memory budget\.$/);
    expect(sentencesOf({ mixedStage: 1 }, 'own.json').en).toContain('set stages[1].precision of own.json to "mixed"');
    const atTheCap = sentencesOf({ canRaise: false, maxTokens: 256 });
    expect(atTheCap.en).toMatch(/; cut texts at 256 tokens, or use a smaller model or a device with WebGPU\.$/);
    expect(atTheCap.zh).toMatch(/；请把最大 token 数减到 256，或换用更小的模型，或有 WebGPU 的设备。$/);
    const array = sentencesOf({ limit: 'array', batchSize: 8 });
    expect(array.en).toBe(
      'One array of the run needs 3.0 GB, but this device allows at most 2.0 GB per array; reduce the batch size to 8, or use a smaller model or another device.',
    );
    for (const { zh, en } of [atTheCap, array, sentencesOf({ canRaise: false }, 'own.json')])
      expect(`${zh}${en}`).not.toMatch(/raise|--memory|提高/);
  });

  it('advises a new run after running out of memory, because a resumed one would need as much again', () => {
    expect(errorSentence({ kind: 'gpu-out-of-memory' }, 'zh')).toContain('然后重新开始训练');
    expect(errorSentence({ kind: 'gpu-out-of-memory' }, 'en')).toMatch(/lower memory budget.*start a new run/);
    expect(errorSentence({ kind: 'gpu-out-of-memory' }, 'en', 'own.json')).toMatch(/--memory.*batchSize.*own\.json/);
  });

  it('differs for every import fault, so that the list of rejected rows distinguishes them', () => {
    const sentences = keys(importFaults).map(
      (fault) => importFaultSentence({ fault, field: 'text', expected: 'text' }).zh,
    );
    expect(new Set(sentences).size).toBe(sentences.length);
  });

  it('names the columns found and the columns accepted', () => {
    const details = {
      kind: 'import-failed',
      file: 'a.csv',
      fault: 'no-known-columns',
      field: 'name, price',
      expected: 'text / passage',
    } as const;
    for (const sentence of Object.values(errorSentences(details))) {
      expect(sentence).toContain('“name, price”');
      expect(sentence).toContain('text / passage');
    }
  });

  it('names a question by its number if its line is unknown', () => {
    const details: AppErrorDetails = {
      kind: 'import-failed',
      file: 'q.jsonl',
      question: 3,
      fault: 'unknown-passage',
      field: 'x',
    };
    expect(errorSentence(details, 'zh')).toMatch(/^q\.jsonl 第 3 题：段落“x”不在知识库里/);
    expect(errorSentence(details, 'en')).toMatch(/^q\.jsonl, question 3: the passage “x” isn’t/);
  });

  it('asks for the knowledge base first if pairs name passages by id without one', () => {
    const details: AppErrorDetails = {
      kind: 'import-failed',
      file: 'p.csv',
      fault: 'needs-knowledge-base',
      field: 'positiveId',
    };
    expect(errorSentence(details, 'zh')).toContain('请先导入知识库');
    expect(errorSentence(details, 'en')).toContain('import the knowledge base first');
  });

  it('stays under 300 characters for a file name of 5,000', () => {
    const details: AppErrorDetails = { kind: 'import-failed', file: 'x'.repeat(5000), fault: 'empty-file' };
    expect(errorSentence(details, 'zh').length).toBeLessThan(300);
  });
});

it.each([
  ['a kind that this version does not know', { kind: 'from-the-future', of: 7 }],
  ['fields of another type', { kind: 'export-mismatch', file: 'a', cosine: 'none' }],
])('an error stored by another version with %s still has a sentence', (_what, details) => {
  const sentence = errorSentence(details as never, 'en');
  expect(sentence).toContain(details.kind);
});
