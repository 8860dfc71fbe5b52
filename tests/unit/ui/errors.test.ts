import { describe, expect, it } from 'vitest';
import type { AppErrorDetails, ImportFault, LinkFault, ModelFault } from '../../../src/domain/errors';
import { errorSentence, errorSentences, importFaultSentence } from '../../../src/ui/i18n/errors';

// Records, not lists: a kind or fault that is added to the contract fails to compile until it stands here.
const importFaults: Record<ImportFault, true> = {
  'empty-file': true,
  'binary-file': true,
  'json-broken': true,
  'csv-broken': true,
  'literal-broken': true,
  'no-known-columns': true,
  'field-missing': true,
  'text-empty': true,
  'relevant-missing': true,
  'unknown-passage': true,
  'duplicate-id': true,
  'not-an-object': true,
};
const modelFaults: Record<ModelFault, true> = {
  'missing-file': true,
  'not-json': true,
  'unsupported-architecture': true,
  truncated: true,
  'header-invalid': true,
  'tensor-missing': true,
  'tensor-shape': true,
  'tensor-dtype': true,
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
const keys = <K extends string>(record: Record<K, true>): K[] => Object.keys(record) as K[];

const others: AppErrorDetails[] = [
  { kind: 'experiment-invalid', path: 'stages.0.loss', found: '"x"', expected: 'a number' },
  { kind: 'data-missing', role: 'knowledgeBase' },
  { kind: 'model-missing' },
  { kind: 'too-few-pairs', pairs: 3, batchSize: 16 },
  { kind: 'nothing-to-evaluate', part: 'test' },
  { kind: 'nothing-to-evaluate', part: 'dev' },
  { kind: 'quota-exceeded', neededBytes: 0 },
  { kind: 'storage-failed', reason: 'x' },
  { kind: 'worker-crashed', worker: 'gpu', reason: 'x' },
  { kind: 'worker-crashed', worker: 'data', reason: 'x' },
  { kind: 'project-too-new', file: 'a.zip', version: 9, supported: 1 },
  { kind: 'project-invalid', file: 'a.zip', entry: 'runs.json', reason: 'x' },
  { kind: 'checkpoint-corrupt', runId: 'r', generation: 3 },
  { kind: 'gpu-unavailable', reason: 'x' },
  { kind: 'gpu-device-lost', reason: 'x' },
  { kind: 'gpu-out-of-memory' },
  { kind: 'memory-too-small', neededBytes: 3e9, budgetBytes: 2e9, maxTokens: 256, batchSize: 8 },
  { kind: 'memory-too-small', neededBytes: 3e9, budgetBytes: 2e9 },
  { kind: 'training-diverged', step: 7, quantity: 'loss' },
  { kind: 'run-busy', runId: 'r' },
  { kind: 'not-found', what: 'run', id: 'r' },
  { kind: 'export-mismatch', file: 'onnx/model.onnx', cosine: 0.5 },
  { kind: 'download-failed', url: 'x', status: 404 },
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
  ...others,
];

describe('the sentence of an error', () => {
  it.each(all)('is one finished sentence in both languages: $kind $fault', (details) => {
    const { zh, en } = errorSentences(details);
    expect(zh).toMatch(/[\u4e00-\u9fff].*。$/);
    expect(en).toMatch(/[a-z].*\.$/);
    expect(en).not.toMatch(/[\u4e00-\u9fff]/);
    expect(`${zh}${en}`).not.toMatch(/undefined|NaN|\[object/);
  });

  it('names file and line of a broken row', () => {
    const details: AppErrorDetails = { kind: 'import-failed', file: '知识库.jsonl', line: 57, fault: 'json-broken' };
    expect(errorSentence(details, 'zh')).toBe('知识库.jsonl 第 57 行：JSON 写法有误，请检查引号、逗号和括号。');
    expect(errorSentence(details, 'en')).toBe('知识库.jsonl, line 57: broken JSON; check quotes, commas and brackets.');
  });

  it('differs for every import fault, so that the list of rejected rows tells them apart', () => {
    const sentences = keys(importFaults).map((fault) => importFaultSentence(fault, 'text').zh);
    expect(new Set(sentences).size).toBe(sentences.length);
  });

  it('does not let a hostile name fill the page', () => {
    const details: AppErrorDetails = { kind: 'import-failed', file: 'x'.repeat(5000), fault: 'empty-file' };
    expect(errorSentence(details, 'zh').length).toBeLessThan(300);
  });
});
