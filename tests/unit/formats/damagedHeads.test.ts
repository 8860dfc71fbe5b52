import { expect, it } from 'vitest';
import { own } from '../../../src/domain/errorWords';
import { openPytorch } from '../../../workers/formats/pytorch';
import { isPickledKind, isPickledSize } from '../../../workers/formats/pickledValues';
import { openSafetensors } from '../../../workers/formats/safetensors';
import { isZip, readZipDirectory } from '../../../workers/formats/zip';
import { op, statePickle, torchArchive } from './torchFile';
import { zip64Archive } from './zip64Archive';

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'the file was accepted',
    (error: unknown) => (error as { details?: unknown }).details ?? error,
  );

it('a safetensors file of 8 bytes has an empty header, which is not JSON', async () => {
  expect(await refusal(openSafetensors(new Blob([new Uint8Array(8)]), 'm'))).toMatchObject({
    fault: 'header-invalid',
    found: own('not-json'),
  });
});

it('a safetensors file cut off inside its header is reported as cut off, not as damaged', async () => {
  const cut = new Blob([BigUint64Array.of(20n), '{"a":{"dtype"']);
  expect(await refusal(openSafetensors(cut, 'm'))).toMatchObject({ fault: 'truncated', expected: '28', found: '21' });
});

it('a tensor whose name is a number is not listed', async () => {
  const [begin, name] = [4, op.string('w').length];
  const pickle = statePickle({ name: 'w' }, { name: 'v' });
  const numbered = [...pickle.slice(0, begin), ...op.int(1), ...pickle.slice(begin + name)];
  const { tensors } = await openPytorch(await torchArchive(numbered, new Float32Array(6)), 'w.bin');
  expect([...tensors.keys()]).toEqual(['v']);
});

it('a pickled value has the kind of its container; null, texts and a missing value have none', () => {
  expect([null, undefined, 'dict', 1].map((value) => isPickledKind(value, 'dict'))).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(isPickledKind({ kind: 'dict', entries: new Map() }, 'dict')).toBe(true);
  expect([0, 2 ** 53, -1, 0.5, '1', null].map((value) => isPickledSize(value))).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});

it('the first four bytes of a file decide whether it is a zip archive', () => {
  expect([3, 9].map((third) => isZip(Uint8Array.of(0x50, 0x4b, third, 4)))).toEqual([true, false]);
});

it('the 64-bit sizes of a zip entry are read after an extra field of another kind', async () => {
  const bytes = zip64Archive(['a.txt']);
  const view = new DataView(bytes.buffer);
  let entry = 0;
  for (let at = 0; at + 4 <= bytes.length; at++) if (view.getUint32(at, true) === 0x02014b50) entry = at;
  const extra = entry + 46 + 'a.txt'.length;
  // A field of 256 + 2 bytes, so that both bytes of its length matter.
  const other = Uint8Array.of(9, 0, 2, 1, ...new Uint8Array(258).fill(1));
  const longer = new Uint8Array([...bytes.subarray(0, extra), ...other, ...bytes.subarray(extra)]);
  const changed = new DataView(longer.buffer);
  changed.setUint16(entry + 30, changed.getUint16(entry + 30, true) + other.length, true);
  // The zip64 record and its locator follow the entry, whose extra field is 28 bytes long.
  const record = extra + other.length + 28;
  changed.setBigUint64(record + 40, changed.getBigUint64(record + 40, true) + BigInt(other.length), true);
  const locator = record + 56;
  changed.setBigUint64(locator + 8, changed.getBigUint64(locator + 8, true) + BigInt(other.length), true);
  const [found] = await readZipDirectory(new Blob([longer]), 'a.zip');
  expect(found).toMatchObject({ path: 'a.txt', bytes: 16, headerOffset: 0 });
});
