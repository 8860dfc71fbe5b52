import 'fake-indexeddb/auto';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { fileTypeOf, type FileType } from '../../../src/domain/import/fileType';
import { openDatabase } from '../../../src/storage/database';
import { errorSentences } from '../../../src/ui/i18n/errors';
import { importDataset } from '../../../workers/services/import/importDataset';

const bytes = (...parts: (string | number[])[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? Array.from(part, (c) => c.charCodeAt(0)) : part)),
  );
const zip = (...names: string[]) =>
  new Uint8Array(zipSync(Object.fromEntries(names.map((name) => [name, bytes('x')]))));
/** Returns a compound file, as written by old Office versions, with the name of its main stream in the directory. */
const compound = (stream: string) =>
  bytes(
    [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
    Array(504).fill(0),
    Array.from(stream).flatMap((character) => [character.charCodeAt(0), 0]),
    [0, 0],
  );
const openDocument = new Uint8Array(
  zipSync({ mimetype: bytes('application/vnd.oasis.opendocument.spreadsheet') }, { level: 0 }),
);
const program = bytes('MZ', Array(58).fill(0), [64, 0, 0, 0], 'PE', [0, 0]);

const files: [string, Uint8Array<ArrayBuffer>, FileType][] = [
  ['a Word document', zip('[Content_Types].xml', 'word/document.xml'), 'word'],
  ['an old Word document', compound('WordDocument'), 'word'],
  ['an Excel workbook', zip('[Content_Types].xml', 'xl/workbook.xml'), 'excel'],
  ['an old Excel workbook', compound('Workbook'), 'oldExcel'],
  ['a workbook with a password', compound('EncryptedPackage'), 'protected'],
  ['a presentation', zip('[Content_Types].xml', 'ppt/presentation.xml'), 'powerPoint'],
  ['a PDF without binary parts', bytes('%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n'), 'pdf'],
  ['an RTF document', bytes('{\\rtf1\\ansi hello}'), 'rtf'],
  ['a PNG image', bytes([0x89], 'PNG\r\n', [0x1a, 0x0a, 0, 0, 0, 13], 'IHDR'), 'image'],
  ['a JPEG image', bytes([0xff, 0xd8, 0xff, 0xe0, 0, 16], 'JFIF', [0]), 'image'],
  ['a zip archive', zip('data.jsonl'), 'archive'],
  ['a zip archive without its end', zip('data.jsonl').slice(0, -30), 'cutArchive'],
  ['half a workbook', zip('[Content_Types].xml', 'xl/workbook.xml').slice(0, 100), 'cutOffice'],
  ['the first part of a split archive', bytes('PK', [7, 8], 'PK', [3, 4, 0]), 'archivePart'],
  ['an archive without files', zip(), 'emptyArchive'],
  ['an OpenDocument table', openDocument, 'openDocument'],
  ['a Parquet file', bytes('PAR1', [0x15, 0, 0x15, 2], 'PAR1'), 'parquet'],
  ['a Windows program', program, 'executable'],
  ['a Linux program', bytes([0x7f], 'ELF', [2, 1, 1, 0]), 'executable'],
];

describe('a file that is not text', () => {
  it.each(files)('is recognised by its contents: %s', (_, content, type) => {
    expect(fileTypeOf(content, content)).toBe(type);
  });

  it('is reported as a part of a split archive if its name says so, with what to do about it', async () => {
    const db = await openDatabase('archive-parts');
    for (const name of ['a.zip.001', 'a.zip.002', 'a.z01', 'a.7z.003', 'a.part2.rar']) {
      const content = name === 'a.zip.001' ? zip('data.jsonl').slice(0, 40) : bytes([0, 1, 2, 0, 200, 201]);
      await expect(importDataset(db, [new File([content], name)], 'pairs', () => undefined)).rejects.toMatchObject({
        details: { file: name, fault: 'wrong-type', fileType: 'archivePart' },
      });
    }
    const text = new File(['{"text":"甲"}'], 'a.zip.001');
    expect((await importDataset(db, [text], 'knowledgeBase', () => undefined)).dataset.rows).toBe(1);
    const cut = errorSentences({ kind: 'import-failed', file: 'a.zip', fault: 'wrong-type', fileType: 'cutArchive' });
    expect([cut.zh.includes('重新下载'), cut.en.includes('download it again')]).toEqual([true, true]);
  });

  it('is not mistaken for a text that begins with the same letters', () => {
    for (const text of [
      'MZ 是两个字母',
      'PAR1,PAR2\n1,2',
      'ID3,名称\n1,2',
      'PK 赛的规则',
      'GIF8 是一种图片',
      'BM25 是一种算法',
    ])
      expect(fileTypeOf(new TextEncoder().encode(text), new Uint8Array(0))).toBeNull();
  });

  it('is refused with its name, its type and a remedy, whatever its extension', async () => {
    const db = await openDatabase('file-types');
    for (const [, content, fileType] of files) {
      const thrown: unknown = await importDataset(
        db,
        [new File([content], 'data.csv')],
        'knowledgeBase',
        () => undefined,
      ).catch((error: unknown) => error);
      expect(thrown instanceof AppError && thrown.details).toEqual({
        kind: 'import-failed',
        file: 'data.csv',
        fault: 'wrong-type',
        fileType,
      });
    }
    const word = errorSentences({ kind: 'import-failed', file: '资料.docx', fault: 'wrong-type', fileType: 'word' });
    expect(word.zh).toBe('资料.docx：这是 Word 文件：请在 Word 里另存为纯文本（UTF-8），一行一段，再导入。');
    expect(word.en).toContain('资料.docx: this is a Word document; in Word, save it as plain text');
  });
});
