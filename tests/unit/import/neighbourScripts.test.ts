import { describe, expect, it } from 'vitest';
import { neighbourPlausibility } from '../../../src/domain/import/neighbourScripts';
import { detectEncoding } from '../../../workers/services/import/fileText';
import { encoded } from './encoded';
import { file, imported } from './importFiles';

const detected = async (encoding: string, text: string) => {
  const { best, alsoFits, unsure } = await detectEncoding(file('a.csv', encoded(encoding, text)));
  return { best: best?.encoding, alsoFits, unsure };
};
const korean = '돼지는 하루에 두 번 사료를 먹고, 새끼 돼지는 젖을 뗀 뒤 따뜻한 곳에서 지냅니다.';
const japanese = '豚は一日に二回えさを食べます。子豚は離乳の後、あたたかい場所で過ごします。';

describe('a file in Korean or Japanese', () => {
  it.each([
    ['euc-kr', korean],
    ['shift_jis', japanese],
    ['euc-jp', japanese],
  ])('in %s is read in this encoding, and is not taken for GB18030', async (encoding, text) => {
    expect(await detected(encoding, text)).toMatchObject({ best: encoding, unsure: false });
    const { rows } = await imported('knowledgeBase', file('a.csv', encoded(encoding, `id,text\n1,"${text}"\n`)));
    expect(rows).toEqual([{ id: '1', text }]);
  });

  it.each([
    ['euc-kr', '돼지는'],
    ['shift_jis', '豚です'],
    ['euc-jp', '豚です'],
  ])('in %s with a few characters is uncertain, and the encoding is offered', async (encoding, text) => {
    const { best, alsoFits, unsure } = await detected(encoding, text);
    expect([best, ...alsoFits]).toContain(encoding);
    expect(unsure).toBe(true);
  });
});

describe('a file in Chinese', () => {
  it.each([
    ['gb18030', '断奶仔猪每天饲喂几次？猪场的水要保持干净，母猪产后三天内要观察采食量。'],
    ['gb18030', '配合饲料,预混料,浓缩料,豆粕,玉米,麸皮,鱼粉,骨粉,乳清粉,大麦,高粱,棉粕,菜粕,小麦'],
    ['gb18030', '飼料裡的豆粕要磨細，母豬產後三天內觀察採食量，並且保持豬舍乾淨。'],
    ['gb18030', '《ぼのぼの》是日本漫画家五十岚三喜夫的作品，讲述小海獭和朋友们的日常生活。'],
    ['big5', '飼料裡的豆粕要磨細，母豬產後三天內觀察採食量，並且保持豬舍乾淨。'],
  ])('in %s is never taken for Korean or Japanese: %s', async (encoding, text) => {
    expect((await detected(encoding, text)).best).toBe(encoding);
  });

  it('that has no frequent character is uncertain, even if no other encoding fits', async () => {
    // The first character is not valid in Big5.
    expect(await detected('gb18030', '亐鬲鱿魉魃魈魍魑')).toEqual({ best: 'gb18030', alsoFits: [], unsure: true });
    expect(await detected('gb18030', '亐鬲鱿魉魃魈魍')).toEqual({ best: 'gb18030', alsoFits: [], unsure: false });
    expect(await detected('gb18030', '亐鬲鱿魉魃魈魍的')).toEqual({ best: 'gb18030', alsoFits: [], unsure: false });
  });
});

it('counts frequent syllables or kana, but none if less than nine tenths or three tenths of the text is such', () => {
  expect(neighbourPlausibility('euc-kr', '이다는 abc')).toBe(3);
  expect(neighbourPlausibility('euc-kr', `이다는${'뷁'.repeat(6)}猪`)).toBe(3);
  expect(neighbourPlausibility('euc-kr', `이다는${'뷁'.repeat(5)}猪`)).toBe(0);
  expect(neighbourPlausibility('shift_jis', `かナー${'豚'.repeat(7)}`)).toBe(3);
  expect(neighbourPlausibility('euc-jp', `かナー${'豚'.repeat(8)}`)).toBe(0);
  expect(neighbourPlausibility('shift_jis', 'ｶﾅ')).toBe(0);
  expect(neighbourPlausibility('shift_jis', '')).toBe(0);
});
