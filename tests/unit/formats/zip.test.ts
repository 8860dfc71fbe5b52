import { expect, it } from 'vitest';
import { readZipDirectory, zipEntryBlob } from '../../../workers/formats/zip';

/** Returns a zip of one stored entry. Its local header has `extra` bytes that its directory entry lacks. */
function zipOf(name: string, content: string, extra: number): Blob {
  const [path, bytes] = [new TextEncoder().encode(name), new TextEncoder().encode(content)];
  const local = new DataView(new ArrayBuffer(30));
  local.setUint32(0, 0x04034b50, true);
  local.setUint32(18, bytes.length, true);
  local.setUint32(22, bytes.length, true);
  local.setUint16(26, path.length, true);
  local.setUint16(28, extra, true);
  const entry = new DataView(new ArrayBuffer(46));
  entry.setUint32(0, 0x02014b50, true);
  entry.setUint32(20, bytes.length, true);
  entry.setUint32(24, bytes.length, true);
  entry.setUint16(28, path.length, true);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(10, 1, true);
  end.setUint32(12, 46 + path.length, true);
  end.setUint32(16, 30 + path.length + extra + bytes.length, true);
  return new Blob([local, path, new Uint8Array(extra).fill(7), bytes, entry, path, end]);
}

it.each([0, 4, 28])('an entry after a local extra field of %i bytes is read', async (extra) => {
  const zip = zipOf('猪.txt', 'content', extra);
  const [entry] = await readZipDirectory(zip, 'a.zip');
  expect(entry).toMatchObject({ path: '猪.txt', bytes: 7 });
  expect(entry && (await (await zipEntryBlob(zip, 'a.zip', entry)).text())).toBe('content');
});

it('a zip archive without its end is reported as incomplete, and any other file as not an archive', async () => {
  const whole = zipOf('a.txt', 'content', 0);
  for (const [blob, code] of [
    [whole.slice(0, whole.size - 10), 'zip-cut'],
    [new Blob(['text']), 'not-a-zip'],
  ] as const)
    await expect(readZipDirectory(blob, 'a.zip')).rejects.toMatchObject({ details: { reason: { code } } });
});
