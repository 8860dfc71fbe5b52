import { describe, expect, it } from 'vitest';
import { en } from '../../../src/ui/i18n/en';
import { errorSentence } from '../../../src/ui/i18n/errors';
import { zh } from '../../../src/ui/i18n/zh';
import { errorCases } from './errorCases';

/** Returns every text of a dictionary with its path. Functions are called with 1 for every argument. */
function textsOf(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') return [[path, String((value as (...figures: number[]) => unknown)(1, 1, 1))]];
  return Object.entries(value as object).flatMap(([name, inner]) =>
    textsOf(inner, path === '' ? name : `${path}.${name}`),
  );
}

/** A character that is neither Chinese nor Latin, in place of the figures and names that a text inserts. */
const inserted = '\ue000';

/** Returns the text of a function with these characters as arguments, or null if it computes with its arguments. */
function withInserted(text: (...values: string[]) => unknown): string | null {
  try {
    const filled = String(text(inserted, inserted, inserted, inserted));
    return /NaN|undefined/.test(filled) ? null : filled;
  } catch {
    return null;
  }
}

/** Returns the texts with their paths. Functions get a character that counts neither as Chinese nor as Latin. */
function fixedTexts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    const text = withInserted(value as (...values: string[]) => unknown);
    return text === null ? [] : [[path, text]];
  }
  return Object.entries(value as object).flatMap(([name, inner]) => fixedTexts(inner, `${path}.${name}`));
}
const chineseTexts = fixedTexts(zh).filter(([, text]) => /[\u4e00-\u9fff]/.test(text));

describe('the texts of the page', () => {
  it('use the singular after 1 in English', () => {
    // In these, no noun follows a count of 1: "What step 1 sees", "batch size − 1", a difference in points, which has a
    // decimal, a range of lengths, and verbs after one question, passage or decision.
    const exempt = [
      'train.batchView.title',
      'train.help.batchSize',
      // The first argument is a model's name.
      'compare.pairs.best',
      'evaluate.answer.points',
      'questions.band',
      'questions.figures.unanswered',
      'questions.figures.stale',
      'questions.marks.rightLabel',
      'questions.why.above',
    ];
    const wrong = textsOf(en).filter(
      ([path, text]) => !exempt.includes(path) && /\b1 (?:[a-z-]+ )?[a-z]+[^s\W]s\b/.test(text),
    );
    expect(wrong).toEqual([]);
    expect(en.import.imported(1, 2)).toBe('1 row · 2 characters');
    expect(en.import.leftOut(1, 0, 0)).toBe('1 row left out');
    expect(en.import.leftOut(0, 1, 0)).toBe('1 reference ignored');
    expect(en.import.leftOut(1200, 2, 1)).toBe('1,200 rows left out, 2 references ignored, 1 note');
  });

  it('exist in both languages', () => {
    expect(textsOf(zh).map(([path]) => path)).toEqual(textsOf(en).map(([path]) => path));
    expect(zh.import.leftOut(1, 2, 3)).toBe('1 行未采用，2 处段落引用已忽略，3 条说明');
  });

  it('speak of other rows and ignored references in import notes only if some were left out or ignored', () => {
    expect([zh, en].map(({ import: t }) => t.leftOutKept(0, 0))).toEqual([
      '各行都已导入，可以使用。',
      'All rows were imported and can be used.',
    ]);
    expect(zh.import.leftOutKept(2, 1)).toBe('其余各行都已导入，可以使用。有引用被忽略的问题，只按其余的段落判分。');
  });

  it('address the reader as 你, and have full-width punctuation beside Chinese characters', () => {
    const chinese = [
      ...textsOf(zh).map(([, text]) => text),
      ...errorCases.map((details) => errorSentence(details, 'zh')),
    ];
    expect(chinese.filter((text) => text.includes('您'))).toEqual([]);
    expect(chinese.filter((text) => /[\u4e00-\u9fff][,;:!?]|[,;:!?][\u4e00-\u9fff]/.test(text))).toEqual([]);
    expect(chinese.some((text) => text.includes('你'))).toBe(true);
  });

  it('mix no English words into Chinese, except terms that have no usual translation', () => {
    const terms =
      /^(token|id|text|title|anchor|positive|score|relevant|qrels|safetensors|bias|alpha|dropout|base|sigmoid|softmax|uniem|tfjs|zip|peft|pooler|transformers)$/;
    // Names and abbreviations have a capital letter or a digit, and names of files and models a dot, hyphen or slash.
    const words = chineseTexts.flatMap(([path, text]) =>
      (text.match(/(?<![\w./-])[a-z]{2,}(?![\w./-])/g) ?? []).map((word) => [path, word] as const),
    );
    expect(words.filter(([, word]) => !terms.test(word))).toEqual([]);
    expect(words.length).toBeGreaterThan(20);
  });

  it('separate Chinese from Latin letters and figures by a space, and have no half-width brackets or quotes', () => {
    const run = /[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/;
    const halfWidth = /[\u4e00-\u9fff] ?[,;:!?()"']|[,;:!?"'] ?[\u4e00-\u9fff]|[\u4e00-\u9fff]\.(?!\w)/;
    expect(chineseTexts.filter(([, text]) => run.test(text) || halfWidth.test(text))).toEqual([]);
    expect(
      chineseTexts.filter(([, text]) => / {2}|[，。；：！？）、] (?!·)|(?<!·) [，。；：！？（、]/.test(text)),
    ).toEqual([]);
  });

  it('have no Chinese characters or full-width punctuation in English, except the name of the language', () => {
    const exempt = ['header.language', 'header.languageHelp', 'settings.languages.zh'];
    const foreign = textsOf(en).filter(([, text]) => /[\u3000-\u9fff\uff00-\uffef]/.test(text));
    expect(foreign.map(([path]) => path)).toEqual(exempt);
  });

  it('say that a run is not over, rather than that it is training, because it may be paused', () => {
    expect(errorSentence({ kind: 'device-busy', job: 'run' }, 'zh')).toBe(
      '有一次训练还没有结束，请先让它训练完，或取消它。',
    );
  });

  it('separate a date from the Chinese word after it', () => {
    expect(zh.storage.deletedAt('2026年11月27日 15:47')).toContain('15:47 删除');
  });

  it('use one word for the id of a model, in the form and in its errors', () => {
    const sentence = errorSentence({ kind: 'hub-failed', fault: 'id-invalid', host: 'h', found: '不对' }, 'zh');
    expect(zh.import.hub.id).toBe('模型 id');
    expect(sentence).toContain('不是模型 id');
  });
});
