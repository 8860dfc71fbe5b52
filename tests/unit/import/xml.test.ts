import { describe, expect, it } from 'vitest';
import { sheetRecords } from '../../../src/domain/import/sheet';
import { hasFilledRows, scanSheet } from '../../../workers/formats/sheetScan';
import { attributesIn, elementText, hasPieceOver, plainXml } from '../../../workers/formats/xml';

describe('XML of a workbook', () => {
  it('has attributes in either quotes, with or without a prefix', () => {
    const attributes = attributesIn(` r="A1" x:s = '3' t="a&amp;b" u='"'/`);
    expect([...attributes]).toEqual([
      ['r', 'A1'],
      ['s', '3'],
      ['t', 'a&b'],
      ['u', '"'],
    ]);
  });

  it('has the text of an element, or none if it is not closed', () => {
    expect(elementText('<a><x:b k="1">c</x:b ></a>', 'b')).toBe('<x:b k="1">c');
    expect(elementText('<a><b>c</a>', 'b')).toBe('');
    expect(elementText('<a><bb>c</bb></a>', 'b')).toBe('');
  });

  it('is plain without comments and CDATA sections, and keeps other declarations', () => {
    expect(plainXml('<!DOCTYPE a><t>x<!-- y -->z<![CDATA[<&>]]></t>')).toBe('<!DOCTYPE a><t>xz&lt;&amp;&gt;</t>');
    expect(plainXml('<t>x<!-- y</t>')).toBe('<t>x<!-- y</t>');
    expect(plainXml('<t>x</t>')).toBe('<t>x</t>');
  });

  it('has pieces over the limits: tags up to the first > outside quotes, and texts', () => {
    const text = '长'.repeat(50);
    const over = (tag: number, xml: string, most = 99): boolean => hasPieceOver({ tag, text: most }, xml);
    expect(over(20, `<t a="1">${text}</t>`)).toBe(false);
    expect(over(20, `<t a="1">${text}</t>`, 50)).toBe(true);
    expect(over(20, `<t a="1">${text}</t>`, 51)).toBe(false);
    expect(over(20, `<t>x</t>${text}`, 50)).toBe(true);
    expect(over(20, `<t a="${'>'.repeat(20)}">x</t>`)).toBe(true);
    expect(over(20, '<a'.repeat(20))).toBe(true);
    expect([over(8, '<abcdefgh>'), over(7, '<abcdefgh>')]).toEqual([false, true]);
  });
});

describe('the scan of a sheet', () => {
  it('finds styles, long integers, and cells without a value', () => {
    const scan = scanSheet(
      '<row r="3"><c r="A3" s="2"><v>12345678901234567</v></c><c r="B3" t="str"><f>x</f></c>' +
        '<c r="C3" t="e"><f/><v> #N/A </v></c><c r="D3" t="s"><v>1</v></c><c r="E3"><f>y</f><v>2</v></c><c r="F3"/></row>' +
        '<x:row r="9"/>',
    );
    expect(scan).toEqual({
      rows: 3,
      lastRow: 9,
      columns: 5,
      styles: new Map([[2 * 16_384, 2]]),
      longIntegers: new Map([[2 * 16_384, '12345678901234567']]),
      unreadable: { count: 2, row: 2, error: '#N/A' },
    });
  });

  it('counts rows with content up to the requested number', () => {
    const xml = '<row><c/></row><row><c><v>1</v></c><c><v>2</v></c></row><row><c><is/></c></row>';
    expect([1, 2, 3].map((count) => hasFilledRows(count, xml))).toEqual([true, true, false]);
  });
});

it('merged ranges fill no more cells than the sheet has', () => {
  const cells = [
    ['问题', '答案'],
    ['问', '答'],
    ['', ''],
  ];
  const whole = { top: 1, left: 0, bottom: 2, right: 0 };
  const merged = [whole, whole, whole, { top: 1, left: 1, bottom: 2, right: 1 }, { ...whole, top: 9, bottom: 12 }];
  expect(sheetRecords({ cells, merged }).mergedCells).toBe(1);
});
