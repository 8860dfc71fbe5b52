import { describe, expect, it } from 'vitest';
import { questionTableCsv, questionTableSheets, type TableQuestion } from '../../../src/domain/evaluate/questionTable';
import { mostCellCharacters } from '../../../src/domain/report/workbook';
import { en } from '../../../src/ui/i18n/en';
import { readSheet } from 'read-excel-file/node';
import { writeXlsx } from '../../../workers/formats/xlsxWriter';

const { cutNote, replacedNote } = en.resultReport.sheet;
const words = {
  ...{ ...en.questions.save.table, change: en.evaluate.filters, notFound: en.evaluate.notFound },
  ...{ cutNote, replacedNote },
};
const result = (questionId: string, ranks: number[], score: number) => {
  return { questionId, ranks, top: [{ passageId: '-7', score }] };
};
const question = (questionId: string, text: string, rankAfter: number): TableQuestion => ({
  ...{ questionId, text, relevant: ['a', '=b'], topic: '+甲', document: null, change: 'won' },
  ...{ before: result(questionId, [9], 0.25), after: result(questionId, [rankAfter], 0.5), rankBefore: 9, rankAfter },
});
const content = {
  questions: [question('1', '=HYPERLINK("x")', 1), question('2', '母猪, “吃”\n多少', Infinity)],
  models: { before: '=before', after: 'after' },
  about: ['2 of 5 test questions, top 1', 'Topic: +甲'],
};

describe('the questions saved as CSV', () => {
  it('begin with the filters and guard every cell that a spreadsheet would take for a formula', () => {
    const csv = questionTableCsv(content, words);
    const [first, second, head, row] = csv.split('\r\n');
    expect([first, second]).toEqual(['"2 of 5 test questions, top 1"', 'Topic: +甲']);
    expect(head).toMatch(/^id,question,topic,document,change,right passages,'=before: rank/);
    expect(row).toBe(`1,"'=HYPERLINK(""x"")",'+甲,,${en.evaluate.filters.won},a =b,9,'-7,0.25,1,'-7,0.5`);
    expect(csv).toContain('"母猪, “吃”\n多少"');
    expect(csv).toContain(`9,'-7,0.25,${en.evaluate.notFound},'-7,0.5`);
  });
});

describe('the questions saved for Excel', () => {
  it('are text cells, numbers as numbers, and the filters on a second sheet', async () => {
    const file = Buffer.from(await (await writeXlsx(questionTableSheets(content, words))).arrayBuffer());
    const rows = await readSheet(file, 1);
    expect(rows[1]?.[1]).toBe('=HYPERLINK("x")');
    expect(rows[1]?.slice(6)).toEqual([9, '-7', 0.25, 1, '-7', 0.5]);
    expect(rows[2]?.[9]).toBe(en.evaluate.notFound);
    expect(await readSheet(file, 2)).toEqual(content.about.map((line) => [line]));
  });

  it('cut a text that is longer than a cell can be, and mark the cut', () => {
    const long = { ...content, questions: [question('1', '长'.repeat(mostCellCharacters + 1), 1)] };
    const text = questionTableSheets(long, words)[0]?.rows[1]?.[1];
    expect(text).toHaveLength(mostCellCharacters);
    expect(text).toMatch(/… \(cut\)$/);
  });

  it('say beside the filters how many texts were cut, and in how many characters were replaced', () => {
    const changed = [question('1', '长'.repeat(mostCellCharacters + 1), 1), question('2', 'a\u0000', 2)];
    const about = (questions: TableQuestion[]) =>
      questionTableSheets({ ...content, questions }, words)[1]?.rows.slice(content.about.length);
    const lines = [`${cutNote}1`, `${replacedNote}1`];
    expect(about(changed)).toEqual(lines.map((value) => [{ value, wrap: true }]));
    expect(about(content.questions)).toEqual([]);
  });
});
