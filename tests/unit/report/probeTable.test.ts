import { expect, it } from 'vitest';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { probeTable } from '../../../src/domain/report/probeTable';

const about = { name: null, questions: 8, passages: 20, k: 1 };
/** Results of 8 questions with the right passage first or second. */
const model = (id: string, right: string) => ({
  id,
  name: `model ${id}`,
  results: [...right].map((one, i): QuestionResult => ({
    questionId: `${i}`,
    ranks: [one === '1' ? 1 : 2],
    top: [],
  })),
});

it('the table of a probe set compares each candidate with the baseline, with p corrected for their number', () => {
  const table = probeTable([model('a', '00000011'), model('b', '11111111'), model('c', '00000011')], 'a', about);
  expect(table).toMatchObject({ baseline: 'model a', questions: 8 });
  const [base, better, same] = table?.rows ?? [];
  expect(base).toEqual({ name: 'model a', hits: 2, against: null });
  // Six questions won, none lost: the exact p is 2 / 2⁶, doubled for two comparisons.
  expect(better).toMatchObject({
    hits: 8,
    against: { won: 6, lost: 0, p: expect.closeTo(1 / 32, 12), adjusted: expect.closeTo(1 / 16, 12) },
  });
  expect(same).toMatchObject({ hits: 2, against: { won: 0, lost: 0, adjusted: 1 } });
});

it('the table of a probe set names no baseline if that was not measured, and is absent if nothing was', () => {
  const table = probeTable([model('b', '11110000')], 'a', about);
  expect(table).toEqual({ ...about, baseline: null, rows: [{ name: 'model b', hits: 4, against: null }] });
  expect(probeTable([], 'a', about)).toBeNull();
});
