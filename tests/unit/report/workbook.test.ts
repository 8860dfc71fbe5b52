import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSheet } from 'read-excel-file/node';
import { describe, expect, it } from 'vitest';
import { comparisonMetrics } from '../../../src/domain/report/comparisonMetrics';
import { resultSheets } from '../../../src/domain/report/resultSheets';
import { cellText, mostCellCharacters, sheetName, type WorkbookSheet } from '../../../src/domain/report/workbook';
import type { CompareApi } from '../../../src/protocol/compareApi';
import { wellFormed } from '../../../src/domain/wellFormed';
import { en } from '../../../src/ui/i18n/en';
import { resultFile } from '../../../src/ui/report/result/resultFiles';
import { writeXlsx } from '../../../workers/formats/xlsxWriter';
import { factsOf, hostileTexts } from './facts';
import { tempFolders } from '../../tempFolders';

const newFolder = tempFolders('recallsmith-xlsx-');

const facts = factsOf();
const writerOf = (writeWorkbook: CompareApi['writeWorkbook']) => ({ writeWorkbook, writeSheets: writeXlsx });
const workbook = async (): Promise<Buffer> => {
  const blob = await resultFile(
    facts,
    'xlsx',
    'en',
    writerOf((...parts) => writeXlsx(resultSheets(...parts))),
  );
  return Buffer.from(await blob.arrayBuffer());
};
const metrics = comparisonMetrics(facts) as {
  models: {
    name: string;
    metrics: Record<string, { value: number; wilson: { low: number } }>;
    ranks: Record<string, (number | null)[]>;
    rightScores: Record<string, number | null>;
  }[];
};

type Rows = (string | number | boolean | Date | null)[][];

/** Compares the figures of a workbook with those of metrics.json. */
function expectFigures(questions: Rows, table: Rows): void {
  const head = questions.findIndex((row) => row[0] === 'id');
  const firstModel = 5;
  metrics.models.forEach((model, index) => {
    const at = firstModel + 2 * index;
    const names = questions.find((row) => row[0] === en.compare.metric);
    expect(names?.[at]).toBe(model.name);
    const value = questions.find((row) => row[0] === en.compare.metrics.hitRate(1))?.[at];
    expect(value).toBeCloseTo(model.metrics['hitRate@1']!.value, 12);
    hostileTexts.forEach((_, i) => {
      const row = questions[head + 1 + i] ?? [];
      const [rank] = model.ranks[`q${i}`] ?? [];
      expect(row[0]).toBe(`q${i}`);
      expect(row[at]).toBe(rank ?? en.evaluate.notFound);
      const score = model.rightScores[`q${i}`] ?? null;
      if (score === null) expect(row[at + 1]).toBeNull();
      else expect(row[at + 1]).toBeCloseTo(score, 12);
    });
    const rows = table.filter(([name]) => name === model.name);
    expect(rows).toHaveLength(Object.keys(model.metrics).length);
    for (const row of rows) {
      const cell = model.metrics[String(row[3])];
      expect(row[5]).toBeCloseTo(cell!.value, 12);
      expect(row[6]).toBeCloseTo(cell!.wilson.low, 12);
    }
  });
}

describe('the Excel report', () => {
  it('has the figures of metrics.json, and hostile texts as text', async () => {
    const bytes = await workbook();
    const questions = (await readSheet(bytes, en.resultReport.sheet.questions)) as Rows;
    expectFigures(questions, (await readSheet(bytes, en.resultReport.sheet.metrics)) as Rows);
    const head = questions.findIndex((row) => row[0] === 'id');
    const texts = hostileTexts.map((_, i) => String(questions[head + 1 + i]?.[1] ?? ''));
    expect(texts.slice(0, 6)).toEqual(hostileTexts.slice(0, 6));
    expect(texts[7]).toBe('控制□□□字符');
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(mostCellCharacters + '_x005F'.length);
    const notes = questions.map(([first]) => String(first));
    // A passage is a separate text beside the question, so both are counted.
    expect(notes.find((note) => note.startsWith(en.resultReport.sheet.cutNote))).toMatch(/: 2$/);
    expect(notes.find((note) => note.startsWith(en.resultReport.sheet.replacedNote))).toMatch(/: 2$/);
  });

  const python = [process.env['PYTHON'] ?? '', 'python3'].find((command) => {
    try {
      execFileSync(command, ['-c', 'import openpyxl'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  it.skipIf(python === undefined)(
    'is read by openpyxl without a formula, with the same figures (skipped without openpyxl)',
    async () => {
      const file = join(await newFolder(), 'report.xlsx');
      await writeFile(file, await workbook());
      const script = `
import json, sys, warnings
import openpyxl
warnings.simplefilter('ignore')
book = openpyxl.load_workbook(sys.argv[1])
cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
rows = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
print(json.dumps({'formulas': [cell.coordinate for cell in cells if cell.data_type == 'f'], 'rows': rows}))`;
      const output = execFileSync(python ?? '', ['-c', script, file], { maxBuffer: 1e8 }).toString();
      const { formulas, rows } = JSON.parse(output) as { formulas: string[]; rows: Record<string, Rows> };
      expect(formulas).toEqual([]);
      const questions = rows[en.resultReport.sheet.questions] ?? [];
      expectFigures(questions, rows[en.resultReport.sheet.metrics] ?? []);
      const head = questions.findIndex((row) => row[0] === 'id');
      const textOf = (question: number) => questions[head + 1 + question]?.[1];
      expect([2, 3, 4, 5].map(textOf)).toEqual(hostileTexts.slice(2, 6));
      expect(textOf(8)).toBe(hostileTexts[8]);
      expect(textOf(9)).toBe('第一行\n第二行\n第三行');
    },
  );
});

it('the statistics of an Excel report have Wilson’s interval for hit rates, and the bootstrap’s for other metrics', async () => {
  let sheet: WorkbookSheet['rows'] = [];
  await resultFile(
    facts,
    'xlsx',
    'en',
    writerOf((...parts) => {
      const sheets = resultSheets(...parts);
      sheet = sheets[0]?.rows ?? [];
      return writeXlsx(sheets);
    }),
  );
  const intervalOf = (label: string): unknown => sheet.find(([first]) => first === label)?.[6];
  const cells = facts.rows[0]?.cells ?? {};
  const [hits, recall, mrr] = [cells['hitRate@1'], cells['recall@1'], cells['mrr@10']];
  const percent = ({ low, high }: { low: number; high: number }): string =>
    [low, high].map((value) => `${(100 * value).toFixed(1)}%`).join('–');
  const { metrics: words } = en.compare;
  expect(intervalOf(words.hitRate(1))).toBe(percent(hits!.wilson));
  expect(intervalOf(words.recall(1))).toBe(percent(recall!.bootstrap));
  expect(intervalOf(words.mrr(10))).toBe([mrr!.bootstrap.low, mrr!.bootstrap.high].map((x) => x.toFixed(4)).join('–'));
  expect(percent(hits!.wilson)).not.toBe(percent(hits!.bootstrap));
});

it('the table of an Excel report shows counts as whole numbers, and all other figures with four decimals', async () => {
  let table: WorkbookSheet['rows'] = [];
  await resultFile(
    facts,
    'xlsx',
    'en',
    writerOf((...parts) => {
      const sheets = resultSheets(...parts);
      table = sheets[1]?.rows ?? [];
      return writeXlsx(sheets);
    }),
  );
  const [head = [], ...rows] = table;
  const names = head.map((cell) => (cell !== null && typeof cell === 'object' ? cell.value : cell));
  const counts = ['baseline', 'questions', 'won', 'lost', 'questions_needed'];
  const found = new Set<unknown>();
  for (const row of rows)
    row.forEach((cell, column) => {
      if (cell === null || typeof cell === 'string' || !('format' in cell)) return;
      found.add(names[column]);
      expect(cell.format, String(names[column])).toBe(counts.includes(String(names[column])) ? '0' : '0.0000');
    });
  expect(found).toContain('won');
  expect(found).toContain('p_holm');
});

describe('the text of a cell', () => {
  const mark = '[cut]';
  const textOf = (text: string) => {
    const changes = { cut: 0, replaced: 0 };
    return { text: cellText(text, mark, changes), ...changes };
  };

  it('is cut at the limit of Excel and says so, and no character is halved', () => {
    expect(textOf('a'.repeat(mostCellCharacters))).toMatchObject({ cut: 0 });
    const cut = textOf('a'.repeat(mostCellCharacters + 1));
    expect(cut).toMatchObject({ cut: 1, replaced: 0 });
    expect(cut.text).toHaveLength(mostCellCharacters);
    expect(cut.text.endsWith(mark)).toBe(true);
    const halved = textOf(`${'a'.repeat(mostCellCharacters - mark.length - 1)}😀${'a'.repeat(9)}`);
    expect(wellFormed(halved.text)).toBe(halved.text);
    expect(halved.text).toHaveLength(mostCellCharacters - 1);
  });

  it('has no character that a spreadsheet can’t hold', () => {
    expect(textOf('a\u0000b\ud800c\ufffe')).toEqual({ text: 'a□b□c□', cut: 0, replaced: 1 });
    expect(textOf('a\r\nb\rc\td')).toEqual({ text: 'a\nb\nc\td', cut: 0, replaced: 0 });
  });
});

it.each([
  ['a/b[c]:d', 'a b c  d'],
  ["'quoted'", 'quoted'],
  ['长'.repeat(40), '长'.repeat(31)],
  ['[]', 'Sheet'],
])('the name of a sheet %j becomes %j', (name, expected) => {
  expect(sheetName(name)).toBe(expected);
});
