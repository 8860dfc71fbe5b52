import { describe, expect, it } from 'vitest';
import type { AppErrorDetails, HubFault, ImportFault, LinkFault, ModelFault } from '../../../src/domain/errors';
import { fileTypes } from '../../../src/domain/import/fileType';
import { errorSentence, errorSentences } from '../../../src/ui/i18n/errors';
import { importFaultSentence } from '../../../src/ui/i18n/errors/importFaults';

// These are records instead of lists, so that a new fault fails to compile until it is added here.
const importFaults: Record<ImportFault, true> = {
  'empty-file': true,
  'no-rows': true,
  'binary-file': true,
  'wrong-type': true,
  'encoding-unknown': true,
  'json-broken': true,
  'csv-broken': true,
  'literal-broken': true,
  'xlsx-broken': true,
  'xlsx-too-large': true,
  'title-row': true,
  'front-matter': true,
  'no-known-columns': true,
  'field-missing': true,
  'text-empty': true,
  'row-empty': true,
  'not-a-text': true,
  'not-a-number': true,
  'values-unread': true,
  'header-repeated': true,
  'headings-unused': true,
  'none-judged': true,
  'relevant-missing': true,
  'unknown-passage': true,
  'reference-ignored': true,
  'no-known-passage': true,
  'needs-knowledge-base': true,
  'duplicate-id': true,
  'not-an-object': true,
  'more-cells': true,
  'too-deep': true,
  'not-positive': true,
  'set-too-long': true,
  'unknown-question': true,
  'trec-broken': true,
  'negative-ignored': true,
  'folder-too-large': true,
  'file-cut': true,
  'gzip-broken': true,
  'sheet-missing': true,
  'column-missing': true,
  'reading-unused': true,
  'kept-differs': true,
  'control-replaced': true,
  'bytes-replaced': true,
  'columns-unused': true,
  'file-unused': true,
  'messages-unused': true,
  'negatives-unused': true,
  'judged-irrelevant': true,
  'score-unused': true,
  'questions-merged': true,
  'key-repeated': true,
  'negatives-not-found': true,
  'not-judged': true,
};
const modelFaults: Record<ModelFault, true> = {
  'missing-file': true,
  'several-models': true,
  'lfs-pointer': true,
  'not-utf8': true,
  'index-invalid': true,
  'pickle-unsupported': true,
  'pickle-invalid': true,
  'tensor-unknown': true,
  'tensor-not-finite': true,
  'two-encoders': true,
  'module-unsupported': true,
  'not-json': true,
  'unsupported-architecture': true,
  empty: true,
  truncated: true,
  'header-invalid': true,
  'tensor-missing': true,
  'tensor-shape': true,
  'tensor-dtype': true,
  'tensor-differs': true,
  'vocabulary-mismatch': true,
  'tokenizer-invalid': true,
  'pooling-unsupported': true,
};
const linkFaults: Record<LinkFault, true> = {
  cut: true,
  tampered: true,
  'too-new': true,
  'too-large': true,
  invalid: true,
};
const hubFaults: Record<HubFault, true> = {
  'id-invalid': true,
  'host-invalid': true,
  'no-model': true,
  'no-revision': true,
  'needs-token': true,
  'token-unsafe': true,
  offline: true,
  blocked: true,
  'broken-off': true,
  html: true,
  'listing-invalid': true,
  'size-differs': true,
  'hash-differs': true,
  refused: true,
  'file-missing': true,
  'weights-unsupported': true,
  elsewhere: true,
};
const keys = <K extends string>(record: Record<K, true>): K[] => Object.keys(record) as K[];

const tooSmall = {
  kind: 'memory-too-small',
  limit: 'budget',
  neededBytes: 3e9,
  limitBytes: 2e9,
  canRaise: true,
} as const;
const others: AppErrorDetails[] = [
  { kind: 'experiment-invalid', path: 'stages.0.loss', found: '"x"', expected: 'a number' },
  { kind: 'experiment-invalid', path: '', found: '[]', expected: 'an object' },
  { kind: 'experiment-too-new', version: 99, supported: 1 },
  { kind: 'data-missing', role: 'knowledgeBase' },
  { kind: 'data-missing', role: 'questions', part: 'test' },
  { kind: 'model-missing' },
  { kind: 'too-few-pairs', pairs: 3, batchSize: 16 },
  { kind: 'too-few-pairs', pairs: 3, batchSize: 16, distinct: 'passages' },
  { kind: 'too-few-pairs', pairs: 3, batchSize: 16, distinct: 'anchors' },
  { kind: 'too-few-pairs', pairs: 3, batchSize: 16, distinct: 'together' },
  ...fileTypes.map((fileType) => ({ kind: 'import-failed', file: 'a.txt', fault: 'wrong-type', fileType }) as const),
  { kind: 'nothing-to-evaluate', part: 'test' },
  { kind: 'nothing-to-evaluate', part: 'dev' },
  { kind: 'quota-exceeded' },
  { kind: 'quota-exceeded', neededBytes: 8e8 },
  { kind: 'quota-exceeded', neededBytes: 8e8, freeBytes: 3e8 },
  { kind: 'storage-failed', reason: 'x' },
  { kind: 'worker-crashed', worker: 'gpu', reason: 'x' },
  { kind: 'worker-crashed', worker: 'data', reason: 'x' },
  { kind: 'project-too-new', file: 'a.zip', version: 9, supported: 1 },
  { kind: 'project-invalid', file: 'a.zip', entry: 'runs.json', reason: 'x' },
  { kind: 'project-overtaken', file: 'a.zip' },
  ...(['weights-missing', 'weights-damaged', 'events-missing', 'unfinished', 'model-missing'] as const).map(
    (fault) => ({ kind: 'project-partial', file: 'a.zip', name: 'mine', fault, runId: 'r' }) as const,
  ),
  { kind: 'project-partial', file: 'a.zip', name: '', fault: 'experiment-missing', runId: 'r' },
  { kind: 'project-partial', file: 'a.zip', name: 'mine', fault: 'data-missing' },
  { kind: 'project-partial', file: 'a.zip', name: 'mine', fault: 'model-missing' },
  { kind: 'checkpoint-corrupt', runId: 'r', generation: 3 },
  { kind: 'gpu-unavailable', reason: 'x' },
  { kind: 'half-unavailable', stage: 0 },
  { kind: 'matrices-unavailable', stage: 0 },
  { kind: 'matrices-unavailable', stage: 1, reason: 'unresolved call target' },
  { kind: 'gpu-device-lost', reason: 'x' },
  { kind: 'gpu-out-of-memory' },
  { kind: 'gpu-out-of-memory', neededBytes: 3e9 },
  { ...tooSmall, maxTokens: 256, batchSize: 8, mixedStage: 1 },
  tooSmall,
  { ...tooSmall, canRaise: false },
  { ...tooSmall, limit: 'array', batchSize: 8 },
  { kind: 'training-diverged', step: 7, quantity: 'loss' },
  { kind: 'device-busy', job: 'run' },
  { kind: 'device-busy', job: 'benchmark' },
  { kind: 'device-busy', job: 'export' },
  { kind: 'run-elsewhere', runId: 'r' },
  { kind: 'rows-changed', recorded: true },
  { kind: 'rows-changed', recorded: false },
  { kind: 'device-busy', job: 'check' },
  {
    kind: 'device-wrong',
    backend: 'webgpu',
    precision: 'full',
    tensor: 'encoder.layer.0.output.dense.bias',
    error: 0.3,
  },
  { kind: 'device-wrong', backend: 'webgpu', precision: 'mixed', tensor: 'loss', error: null },
  { kind: 'device-wrong', backend: 'wasm', precision: 'full', tensor: 'loss', error: 2 },
  { kind: 'check-stopped', cause: 'memory' },
  { kind: 'check-stopped', cause: 'device', reason: 'x' },
  { kind: 'check-stopped', cause: 'worker', reason: 'x' },
  { kind: 'benchmark-stopped', cause: 'memory' },
  { kind: 'benchmark-stopped', cause: 'device', reason: 'x' },
  { kind: 'benchmark-stopped', cause: 'worker', reason: 'x' },
  { kind: 'not-found', what: 'run', id: 'r' },
  { kind: 'export-mismatch', file: 'onnx/model.onnx', cosine: 0.5 },
  { kind: 'download-failed', url: 'x', status: 404 },
  { kind: 'download-failed', url: 'x' },
  { kind: 'cancelled' },
  { kind: 'unexpected', reason: 'x' },
];
const all: AppErrorDetails[] = [
  ...keys(importFaults).map((fault): AppErrorDetails => ({
    kind: 'import-failed',
    file: 'kb.jsonl',
    line: 57,
    fault,
    field: 'text',
    expected: 'text / passage',
  })),
  ...keys(modelFaults).map((fault): AppErrorDetails => ({
    kind: 'model-invalid',
    file: 'model.safetensors',
    fault,
    tensor: 't',
    expected: '8',
    found: '4',
  })),
  ...keys(linkFaults).map((fault): AppErrorDetails => ({ kind: 'link-invalid', fault })),
  ...keys(hubFaults).map((fault): AppErrorDetails => ({
    kind: 'hub-failed',
    fault,
    host: 'huggingface.co',
    id: 'someone/a-model',
    file: 'model.safetensors',
    status: 503,
    expected: '8',
    found: '4',
  })),
  ...others,
];

describe('an error message', () => {
  it.each(all)('is one complete sentence in both languages: %j', (details) => {
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

  it("names the user's own experiment file and its fields on the command line", () => {
    const sentencesOf = (details: AppErrorDetails) => errorSentences(details, 'own.json');
    for (const details of all) {
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
