import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AppErrorDetails } from '../../../src/domain/errors';
import { AppError } from '../../../src/domain/errors';
import { own, type OwnWordsValues, type Said } from '../../../src/domain/errorWords';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { errorSentences } from '../../../src/ui/i18n/errors';
import { said } from '../../../src/ui/i18n/errors/ownWords';

/** Names of formats, tools and units, which Chinese text uses too. */
const names = /WebGPU|WebAssembly SIMD|Unicode|JSON|SHA-256|data\.pkl|torch\.save|pickle|zip64|zip|MiB|true|false/g;
const englishWord = /[A-Za-z]{2,}/;

// A record instead of a list, so that newly declared words fail to compile until they are added here.
const examples: OwnWordsValues = {
  'no-value': [],
  'no-batch-list': [],
  'batch-list-file': [],
  'no-steps': [],
  row: [7],
  'row-from-to': [0, 9],
  'at-most': [3],
  'passage-twice': ['7'],
  'no-such-field': [],
  'lone-surrogate': [],
  'well-formed-unicode': [],
  'finite-number': [],
  'json-value': [],
  'nested-at-most': [64],
  number: [],
  integer: [],
  'integer-from-to': [1, 2],
  'number-from-to': [0, 1],
  'nothing-beside': ['…'],
  text: [],
  boolean: [],
  list: [],
  object: [],
  sha256: [],
  'different-names': [],
  'different-model': ['a'],
  'different-values': [],
  'other-data': [],
  'no-prefix': [],
  runs: [65],
  'column-for': ['#'],
  'parameter-keyword': [],
  'list-of': [1, 64],
  'part-missing': [2, '7'],
  'rows-missing': [2, 'a'],
  'download-deleted': [],
  'worker-not-started': [],
  'worker-ended': [],
  'message-unreadable': [],
  'configure-failed': [],
  'thread-not-started': [],
  'worker-lacks': ['1', '2'],
  'no-simd': [],
  'no-webgpu': [],
  'no-adapter': [],
  'no-device': [],
  missing: [],
  damaged: [],
  incomplete: [],
  'not-json': [],
  'not-a-list': [],
  'not-an-object': [],
  'not-a-project': [],
  'same-key': [],
  'listed-twice': [],
  misnamed: [],
  'hash-differs': [],
  'not-next': [],
  'model-files-missing': ['#'],
  'model-files-unreadable': [],
  'settings-differ': ['#'],
  'unknown-layout': [],
  'another-model': [],
  'no-such-experiment': [],
  'tensors-misfit': [],
  'field-invalid': ['#', '#', '#'],
  'not-a-zip': [],
  'zip-cut': [],
  'zip64-damaged': [],
  'directory-outside': [],
  'directory-damaged': [],
  'entry-compressed': [],
  bytes: [9],
  'at-most-bytes': [9],
  offset: [9],
  'duplicate-name': [],
  'positive-integer': [],
  'positive-number': [],
  'integer-below': [9],
  'divisor-of': [768],
  'no-model': [],
  'no-vocabulary': [],
  'no-token': ['#'],
  'pickle-ends': [],
  'stack-empty': [],
  'kind-expected': ['#'],
  'mark-missing': [],
  'protocol-unknown': [],
  'key-without-value': [],
  'memo-empty': [4],
  'stored-tensor-invalid': [],
  'persistent-id-invalid': [],
  opcode: ['#'],
  'nested-containers': [9],
  'values-in-pickle': [1_000_000],
  'call-of': ['#'],
  'storage-view': [],
  'not-torch-save': [],
  'no-data-pkl': [],
  'pickle-above': [16],
  'big-endian': [],
  'other-pickle': [],
  'no-storage-list': [],
  'storage-unused': [],
  'elements-in-storage': [3, 2],
  'no-tensors': [],
  'tensors-unnamed': [2],
  'object-with': ['1, 2'],
  'tensor-twice': ['w'],
};
const allWords = Object.entries(examples).map(([code, values]) => ({ code, values }) as Exclude<Said, string>);

/** Returns every source file of the product outside the texts of the page. */
function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return path.endsWith(join('ui', 'i18n')) ? [] : sources(path);
    return /\.(ts|svelte)$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : [];
  });
}

/** Names and values that are the same in every language: those of files, formats and device choices. */
const quoted = new Set([
  'bert',
  'F32, F16, BF16',
  'include_prompt: false',
  'query-id + corpus-id + score',
  'wasm-chosen',
  'no-webgpu',
  'no-adapter',
  'no-device',
  'software-adapter',
  'webgpu-chosen',
  'webgpu-available',
  'pad_token_id ${JSON.stringify(pad)}',
  '${model.id}${model.revision && ',
  // Codes of faults and names of settings.
  'empty',
  'sheet',
  'encoding',
  'delimiter',
  'no-side',
]);
const named = /\b(?:reason|found|expected)(?::|\s*=)\s*(?:[\w.()[\]'" ]+\?\?\s*)?(['"`])((?:\\.|(?!\1).)*)\1/g;
const passed =
  /(?:\b(?:invalid|refuse|refused|die|kill|AppError)|#invalid|#refused)\((?:[\w.]+, )*(['"`])((?:\\.|(?!\1).)*)\1\)/g;

/** Returns the free text that a source puts into an error: string literals with words, without inserted values. */
function freeText(source: string): string[] {
  return [...source.matchAll(named), ...source.matchAll(passed)]
    .map(([, , text = '']) => text)
    .filter((text) => englishWord.test(text.replace(/\$\{[^}]*\}/g, '')) && !quoted.has(text));
}

describe('the words inside an error', () => {
  it('are never written as free text where an error is made, because a Chinese sentence would repeat them', () => {
    expect(freeText("throw invalid(path, 'not a list'); ({ reason: `part ${1} is gone` })")).toHaveLength(2);
    const found = ['src', 'workers'].flatMap((folder) =>
      sources(folder).flatMap((path) => freeText(readFileSync(path, 'utf8')).map((text) => `${path}: ${text}`)),
    );
    expect(found).toEqual([]);
  });

  it.each(allWords)('have a phrase in both languages: %j', (words) => {
    const { zh, en } = said(words);
    expect(zh.replace(names, '')).not.toMatch(englishWord);
    expect(zh).toMatch(/\p{Script=Han}|true/u);
    expect(en).not.toMatch(/\p{Script=Han}/u);
    expect(en.length).toBeGreaterThan(0);
  });

  it.each(allWords)('leave no English in the Chinese sentence of any error that contains them: %j', (words) => {
    const errors: AppErrorDetails[] = [
      { kind: 'experiment-invalid', path: '7', found: words, expected: words },
      { kind: 'storage-failed', reason: words },
      { kind: 'worker-crashed', worker: 'gpu', reason: words },
      { kind: 'project-invalid', file: '7', reason: words },
      { kind: 'gpu-unavailable', reason: words },
      { kind: 'benchmark-stopped', cause: 'worker', reason: words },
      { kind: 'unexpected', reason: words },
      { kind: 'model-invalid', file: '7', fault: 'pickle-invalid', found: words },
    ];
    for (const details of errors) {
      const { zh } = errorSentences(details, '7');
      const text = zh.replace(names, '').replace(/PyTorch|safetensors|CPU|--device wasm/g, '');
      expect(text).not.toMatch(englishWord);
      expect(zh).not.toMatch(/\p{Script=Han} \p{Script=Han}/u);
    }
  });

  it('are quoted unchanged if the browser wrote them, as are texts in errors of earlier versions', () => {
    const reason = 'Internal error opening backing store';
    expect(errorSentences({ kind: 'storage-failed', reason }).zh).toContain(`（${reason}）`);
  });

  it('fall back to the code if an error from a project file has an unknown one', () => {
    expect(said(JSON.parse('{"code":"__proto__","values":[]}') as Said)).toEqual({ zh: '__proto__', en: '__proto__' });
    expect(said([])).toEqual({ zh: '', en: '' });
  });

  it.each([
    [{ seed: 'x' }, '“experiment.json 的 seed 处是 "x"，应为数，请改正后再试。”'],
    [{ seed: 1.5 }, '“experiment.json 的 seed 处是 1.5，应为整数，请改正后再试。”'],
    [{ stages: {} }, '“experiment.json 的 stages 处是 {}，应为列表，请改正后再试。”'],
    [{ colour: 1 }, '“experiment.json 里有无法识别的字段 colour，请去掉它，或改正后再试。”'],
    [
      { stages: [{ dropout: 'x' }] },
      '“experiment.json 的 stages.0.dropout 处是 "x"，应为 "model" 或数，请改正后再试。”',
    ],
    [[], '“experiment.json 的内容是 []，应为对象，请改正后再试。”'],
  ])('complete the Chinese sentence about %j', (input, sentence) => {
    try {
      parseExperiment(input);
      expect.unreachable();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(AppError);
      if (thrown instanceof AppError) expect(`“${errorSentences(thrown.details).zh}”`).toBe(sentence);
    }
  });

  it('separate alternatives with a space only next to Latin letters', () => {
    expect(said(['"a"', own('number'), '"b"'])).toEqual({ zh: '"a" 或数或 "b"', en: '"a" or a number or "b"' });
  });
});
