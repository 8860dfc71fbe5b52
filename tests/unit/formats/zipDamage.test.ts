import { describe, expect, it } from 'vitest';
import { own, type Said } from '../../../src/domain/errorWords';
import { isZip, readZipDirectory, zipEntryBlob } from '../../../workers/formats/zip';
import { writeZip } from '../../../workers/formats/zipWriter';
import { zip64Archive } from './zip64Archive';

const signatures = { local: 0x04034b50, entry: 0x02014b50, end64: 0x06064b50, locator: 0x07064b50, end: 0x06054b50 };

/** An archive with zip64 fields, which can be changed in place. */
class Archive {
  private readonly bytes: Uint8Array<ArrayBuffer>;

  constructor(...names: string[]) {
    this.bytes = zip64Archive(names);
  }

  get size(): number {
    return this.bytes.length;
  }

  get view(): DataView {
    return new DataView(this.bytes.buffer);
  }

  /** Returns the offset of the last record of a kind. */
  at(kind: keyof typeof signatures): number {
    for (let at = this.size - 4; at >= 0; at--) if (this.view.getUint32(at, true) === signatures[kind]) return at;
    throw new Error(`no ${kind} record`);
  }

  with(change: (view: DataView, archive: this) => void): this {
    change(this.view, this);
    return this;
  }

  blob(...around: [before?: BlobPart, after?: BlobPart]): Blob {
    return new Blob([around[0] ?? '', this.bytes, around[1] ?? '']);
  }
}

async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'the archive was accepted',
    (error: unknown) => (error as { details?: unknown }).details ?? error,
  );
}
const invalid = (reason: Said, entry?: string): object => ({
  kind: 'project-invalid',
  file: 'a.zip',
  reason,
  ...(entry === undefined ? {} : { entry }),
});
const listing = (blob: Blob): Promise<unknown> => refusal(readZipDirectory(blob, 'a.zip'));

describe('the directory of a zip archive', () => {
  it('is found before a comment of any length that the format allows', async () => {
    for (const length of [1, 21, 65_535]) {
      const archive = new Archive('a.txt').with((view, { size }) => view.setUint16(size - 2, length, true));
      const entries = await readZipDirectory(archive.blob('', new Uint8Array(length)), 'a.zip');
      expect(entries.map(({ path }) => path)).toEqual(['a.txt']);
    }
  });

  it('is read from the short end record of an archive without zip64 records', async () => {
    const archive = new Archive('a.txt', 'b.txt');
    const [from, to] = [archive.at('end64'), archive.at('end')];
    const whole = archive.blob();
    const entries = await readZipDirectory(new Blob([whole.slice(0, from), whole.slice(to)]), 'a.zip');
    expect(entries.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['a.txt', 16],
      ['b.txt', 16],
    ]);
  });

  it('skips an entry’s comment and extra fields of other kinds', async () => {
    const archive = new Archive('a.txt', 'b.txt');
    const second = archive.at('entry');
    const first = second - 46 - 'a.txt'.length - 28;
    // After the zip64 field, put a field of kind 9 that is as long, and a comment of 5 bytes.
    const added = 28 + 5;
    archive.view.setUint16(first + 30, 28 + 28, true);
    archive.view.setUint16(first + 32, 5, true);
    const end64 = archive.at('end64');
    archive.view.setBigUint64(end64 + 40, archive.view.getBigUint64(end64 + 40, true) + BigInt(added), true);
    const locator = archive.at('locator');
    archive.view.setBigUint64(locator + 8, archive.view.getBigUint64(locator + 8, true) + BigInt(added), true);
    const whole = archive.blob();
    const extra = Uint8Array.of(9, 0, 24, 0, ...new Uint8Array(24).fill(1), ...new Uint8Array(5));
    const blob = new Blob([whole.slice(0, second), extra, whole.slice(second)]);
    const entries = await readZipDirectory(blob, 'a.zip');
    expect(entries.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['a.txt', 16],
      ['b.txt', 16],
    ]);
    const [, b] = entries;
    expect(b && (await (await zipEntryBlob(blob, 'a.zip', b)).text())).toBe('content of b.txt');
  });

  it('takes only those numbers from the zip64 field that do not fit in the entry itself', async () => {
    const archive = new Archive('a.txt', 'b.txt');
    const entry = archive.at('entry');
    const offset = archive.view.getBigUint64(entry + 46 + 5 + 20, true);
    for (const at of [entry + 20, entry + 24]) archive.view.setUint32(at, 16, true);
    archive.view.setBigUint64(entry + 46 + 5 + 4, offset, true);
    const [a, b] = await readZipDirectory(archive.blob(), 'a.zip');
    expect(a).toMatchObject({ path: 'a.txt', bytes: 16, headerOffset: 0 });
    expect(b).toMatchObject({ path: 'b.txt', bytes: 16, headerOffset: Number(offset) });
  });

  it('has the checksum of each entry', async () => {
    const [entry] = await readZipDirectory(await writeZip([{ name: 'a', input: '123456789' }]), 'a.zip');
    expect(entry?.crc32).toBe(0xcbf43926);
  });

  it('is refused in a file that neither begins nor ends like an archive', async () => {
    expect(await listing(new Blob(['a text of more than 22 characters']))).toEqual(invalid(own('not-a-zip')));
  });

  it.each<[string, Said, (view: DataView, archive: Archive) => void]>([
    ['has no end record', own('zip-cut'), (view, { size }) => view.setUint32(size - 22, 0, true)],
    ['has a damaged zip64 record', own('zip64-damaged'), (view, zip) => view.setUint32(zip.at('end64'), 0, true)],
    [
      'puts its zip64 record after its end',
      own('zip64-damaged'),
      (view, zip) => view.setBigUint64(zip.at('locator') + 8, BigInt(zip.size - 55), true),
    ],
    [
      'has only two bytes where its zip64 record should be',
      own('zip64-damaged'),
      (view, zip) => view.setBigUint64(zip.at('locator') + 8, BigInt(zip.size - 2), true),
    ],
    [
      'puts its directory beyond its end',
      own('directory-outside'),
      (view, zip) => view.setBigUint64(zip.at('end64') + 48, BigInt(zip.size), true),
    ],
    [
      'lists more entries than its directory holds',
      own('directory-damaged'),
      (view, zip) => view.setBigUint64(zip.at('end64') + 32, 2n, true),
    ],
    ['has a damaged entry', own('directory-damaged'), (view, zip) => view.setUint32(zip.at('entry'), 1, true)],
    [
      'has a name longer than its directory',
      own('directory-damaged'),
      (view, zip) => view.setUint16(zip.at('entry') + 28, 60_000, true),
    ],
  ])('is refused if the archive %s', async (_case, reason, change) => {
    const archive = new Archive('a.txt').with(change);
    expect(await listing(archive.blob())).toEqual(invalid(reason));
  });

  it.each<[string, (view: DataView, entry: number) => void]>([
    ['a compression method', (view, entry) => view.setUint16(entry + 10, 8, true)],
    ['two sizes', (view, entry) => view.setBigUint64(entry + 46 + 5 + 4, 3n, true)],
  ])('is refused with the entry that has %s', async (_case, change) => {
    const archive = new Archive('a.txt').with((view, zip) => change(view, zip.at('entry')));
    expect(await listing(archive.blob())).toEqual(invalid(own('entry-compressed'), 'a.txt'));
  });
});

describe('an entry of a zip archive', () => {
  const opened = async (archive: Archive): Promise<unknown> => {
    const blob = archive.blob();
    const [entry] = await readZipDirectory(blob, 'a.zip');
    if (!entry) throw new Error('no entry');
    return refusal(zipEntryBlob(blob, 'a.zip', entry));
  };

  it('is refused if its own header is damaged', async () => {
    const archive = new Archive('a.txt').with((view) => view.setUint32(0, 0, true));
    expect(await opened(archive)).toEqual(invalid(own('damaged'), 'a.txt'));
  });

  it('is refused if its header would be cut off by the end of the file', async () => {
    const archive = new Archive('a.txt');
    for (const left of [2, 29]) {
      archive.view.setBigUint64(archive.at('entry') + 46 + 5 + 20, BigInt(archive.size - left), true);
      expect(await opened(archive)).toEqual(invalid(own('damaged'), 'a.txt'));
    }
  });

  it('is refused if the file ends before its last byte', async () => {
    const archive = new Archive('a.txt');
    const sizes = archive.at('entry') + 46 + 5 + 4;
    for (const at of [sizes, sizes + 8]) archive.view.setBigUint64(at, BigInt(archive.size), true);
    expect(await opened(archive)).toEqual(invalid(own('incomplete'), 'a.txt'));
  });

  it('may end with the last byte of the file', async () => {
    const blob = new Archive('a.txt').blob();
    const [entry] = await readZipDirectory(blob, 'a.zip');
    if (!entry) throw new Error('no entry');
    const end = 30 + 5 + 20 + entry.bytes;
    expect(await (await zipEntryBlob(blob.slice(0, end), 'a.zip', entry)).text()).toBe('content of a.txt');
    expect(await refusal(zipEntryBlob(blob.slice(0, end - 1), 'a.zip', entry))).toEqual(
      invalid(own('incomplete'), 'a.txt'),
    );
  });
});

it.each<[string, number[], boolean]>([
  ['the head of a zip archive', [0x50, 0x4b, 3, 4, 20], true],
  ['an empty archive, which holds no workbook', [0x50, 0x4b, 5, 6], false],
  ['text that begins with PK', [0x50, 0x4b, 0x20, 0x69], false],
  ['text of other letters', [0x51, 0x4b, 3, 4], false],
  ['letters before an archive’s numbers', [0x50, 0x4c, 3, 4], false],
  ['a head cut off', [0x50, 0x4b, 3], false],
])('the first bytes decide whether %s is a zip archive', (_case, head, expected) => {
  expect(isZip(Uint8Array.from(head))).toBe(expected);
});
