import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { AnswerIndex } from '../../../src/domain/negatives/answerIndex';
import { chooseNegatives, drawn, type NegativesRequest } from '../../../src/domain/negatives/chooseNegatives';
import { importedPool } from '../../../src/domain/negatives/importedPool';
import { RandomStream } from '../../../src/domain/random';
import type { Pair } from '../../../src/domain/records';

const pair = (id: number, anchor: string, positive: string, negatives?: string[]): Pair => ({
  id: String(id),
  anchor,
  positive,
  ...(negatives ? { negatives } : {}),
});

function choose(pairs: Pair[], pool: string[], more: Partial<NegativesRequest> = {}) {
  const answers = new AnswerIndex(pairs, false);
  const found = chooseNegatives({ pairs, answers, pool, perAnchor: 2, seed: 7, stageIndex: 0, ...more });
  const { perAnchor } = found;
  const texts = pairs.map((_, row) =>
    Array.from(found.chosen.subarray(row * perAnchor, (row + 1) * perAnchor), (index) => pool[index] ?? ''),
  );
  return { ...found, texts };
}

const detailsOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.details : thrown;
  }
};

describe('the negatives of a question', () => {
  const long = '母猪分娩前三天要清洗产床，并把室温升到二十五度左右，准备好接产用的毛巾和碘酒。';
  const pairs = [
    pair(0, '怎样接产？', long),
    pair(1, '怎样接产', '产后两小时内让仔猪吃到初乳。'),
    pair(2, '饲料怎么配？', '玉米占六成。'),
  ];
  const near = long.replace('左右，', '，');
  const pool = [long, near, ` ${pairs[1]?.positive}\n`, '猪舍要通风。', '每天喂两次。', '疫苗要冷藏。', '疫苗要冷藏。'];

  it('are never its passage, a positive of the same question, or a near-duplicate of one of them', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { texts } = choose(pairs, pool, { seed });
      for (const own of texts.slice(0, 2))
        for (const text of own) expect(['猪舍要通风。', '每天喂两次。', '疫苗要冷藏。']).toContain(text);
      expect(new Set(texts[0]).size).toBe(2);
    }
  });

  it('are counted by the reason for which candidates were left out', () => {
    const own = () => pool.keys();
    const { texts, excluded } = choose(pairs.slice(0, 2), pool, { own, perAnchor: 3 });
    expect(texts[0]).toEqual(['猪舍要通风。', '每天喂两次。', '疫苗要冷藏。']);
    expect(excluded).toMatchObject({ samePassage: 2, knownPositive: 2, nearDuplicate: 2 });
  });

  it('are the same for the same seed and differ for another seed, stage or pair', () => {
    const many = Array.from({ length: 1000 }, (_, i) => `段落 ${i}：${i * 7919}`);
    const first = choose(pairs, many);
    expect(choose(pairs, many).chosen).toEqual(first.chosen);
    expect(choose(pairs, many, { seed: 8 }).chosen).not.toEqual(first.chosen);
    expect(choose(pairs, many, { stageIndex: 1 }).chosen).not.toEqual(first.chosen);
    expect(first.texts[0]).not.toEqual(first.texts[2]);
  });

  it('are drawn uniformly from the whole pool', () => {
    const many = Array.from({ length: 10 }, (_, i) => `${i}：${'甲乙丙丁戊己庚辛壬癸'[i]}`);
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 1000; seed++)
      for (const text of choose([pair(0, '问', '答')], many, { seed }).texts[0] ?? [])
        counts.set(text, (counts.get(text) ?? 0) + 1);
    // 2,000 draws over 10 texts: 200 expected, with a standard deviation of 12.6.
    for (const text of many) expect(Math.abs((counts.get(text) ?? 0) - 200)).toBeLessThan(60);
  });

  it('are refused with the question if too few texts are left', () => {
    expect(detailsOf(() => choose(pairs, pool.slice(0, 4)))).toEqual({
      kind: 'too-few-negatives',
      question: '怎样接产？',
      found: 1,
      perAnchor: 2,
    });
  });
});

describe('indexes drawn without repetition', () => {
  it('are those of a shuffle that swaps each draw with the last one left', () => {
    for (const count of [0, 1, 2, 5, 40])
      for (let seed = 0; seed < 20; seed++) {
        const random = new RandomStream(seed, 'negatives');
        const left = Array.from({ length: count }, (_, i) => i);
        const expected: number[] = [];
        while (left.length > 0) {
          const at = random.below(left.length);
          expected.push(left[at] ?? -1);
          left[at] = left.at(-1) ?? -1;
          left.pop();
        }
        expect([...drawn(count, new RandomStream(seed, 'negatives'))]).toEqual(expected);
      }
  });
});

describe('the candidates of a row', () => {
  const pairs = [pair(0, '问', '答案')];

  it('are taken once each without empty ones, and no more than the row needs', () => {
    const pool = ['  ', '', '甲段', ' 甲段 ', '乙段', '丙段'];
    const asked: number[] = [];
    const own = function* () {
      for (const index of pool.keys()) {
        asked.push(index);
        yield index;
      }
    };
    const { texts, excluded, refilled, refilledRows } = choose(pairs, pool, { own });
    expect(texts).toEqual([['甲段', '乙段']]);
    expect(asked).toEqual([0, 1, 2, 3, 4]);
    expect(Object.values(excluded).every((count) => count === 0)).toBe(true);
    expect([refilled, refilledRows]).toEqual([0, 0]);
  });

  it('are not read if the row needs none', () => {
    const own = () => {
      throw new Error('a row without negatives has no candidates');
    };
    const noCandidates = { [Symbol.iterator]: own };
    expect(choose(pairs, ['甲段'], { perAnchor: 0, own: () => noCandidates }).texts).toEqual([[]]);
  });

  it('are indexes into the pool, and an index outside of it is ignored', () => {
    const { texts } = choose(pairs, ['甲段', '乙段'], { own: () => [7, -1, 1] });
    expect(texts).toEqual([['乙段', '甲段']]);
  });

  it('that are drawn at random count as refilled only if the row has some of its own', () => {
    const pool = ['甲段', '乙段', '丙段'];
    const counts = ({ refilled, refilledRows }: { refilled: number; refilledRows: number }) => [refilled, refilledRows];
    expect(counts(choose(pairs, pool))).toEqual([0, 0]);
    expect(counts(choose(pairs, pool, { own: () => [] }))).toEqual([2, 1]);
    expect(counts(choose(pairs, pool, { own: () => [2] }))).toEqual([1, 1]);
    expect(counts(choose(pairs, pool, { own: () => [2, 0] }))).toEqual([0, 0]);
  });
});

describe('imported negatives', () => {
  const pairs = [
    pair(0, '问甲', '答甲', ['负一', '负二', '负三']),
    pair(1, '问乙', '答乙', ['负一', '答乙']),
    pair(2, '问丙', '答丙'),
  ];
  const pool = importedPool(pairs);
  const chosenOf = () => choose(pairs, pool.texts, { own: (row) => pool.own[row] ?? [] });

  it('keep the order of the file, and a pair with too few gets those of other questions, which are counted', () => {
    const chosen = chosenOf();
    expect(chosen.texts[0]).toEqual(['负一', '负二']);
    expect(chosen.texts[1]?.[0]).toBe('负一');
    expect(['负二', '负三']).toContain(chosen.texts[1]?.[1]);
    expect(chosen.texts[2]).toHaveLength(2);
    expect([chosen.refilled, chosen.refilledRows]).toEqual([3, 2]);
  });

  it('leave out a negative that is the passage of its own pair', () => {
    const chosen = chosenOf();
    expect(chosen.texts[1]).not.toContain('答乙');
    expect(chosen.excluded.samePassage).toBeGreaterThan(0);
  });
});
