import { expect, test } from 'vitest';
import { AppError, type ModelFault } from '../../../src/domain/errors';
import { errorSentences } from '../../../src/ui/i18n/errors';
import { readSafetensorsHeader, readSafetensorsTensor, writeSafetensors } from '../../../workers/formats/safetensors';

function fileOf(
  header: string,
  data: Uint8Array<ArrayBuffer>,
  headerLength = new TextEncoder().encode(header).length,
): Blob {
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(headerLength), true);
  return new Blob([length.buffer, header, data]);
}

async function faultOf(blob: Blob): Promise<ModelFault> {
  try {
    await readSafetensorsHeader(blob, 'model.safetensors');
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.details.kind === 'model-invalid') return thrown.details.fault;
    throw thrown;
  }
  throw new Error('the file was accepted');
}

const tensor = (begin: number, end: number, shape: number[], dtype = 'F32'): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const bytes = (count: number): Uint8Array<ArrayBuffer> => new Uint8Array(count);

test('a written file reads back with the same values and shapes, and its header is padded to 8 bytes', async () => {
  const values: Record<string, Float32Array<ArrayBuffer>> = {
    a: Float32Array.of(1, -2.5, 3e-8, Infinity),
    b: new Float32Array(0),
    c: Float32Array.of(7),
  };
  const entries = [
    { name: 'a', shape: [2, 2] },
    { name: 'b', shape: [0, 3] },
    { name: 'c', shape: [] },
  ];
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of writeSafetensors(entries, (name) => Promise.resolve(values[name] ?? new Float32Array(0))))
    pieces.push(piece);
  expect((pieces[0]?.length ?? 1) % 8).toBe(0);
  const blob = new Blob(pieces);
  const header = await readSafetensorsHeader(blob, 'x');
  expect([...header.tensors].map(([name, { shape }]) => [name, shape])).toEqual(
    entries.map(({ name, shape }) => [name, shape]),
  );
  for (const { name } of entries) expect(await readSafetensorsTensor(blob, header, name)).toEqual(values[name]);
});

test('F16 and BF16 tensors are converted to F32 exactly', async () => {
  const f16 = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x7c00);
  const bf16 = Uint16Array.of(0x3f80, 0xc000, 0x7f80);
  const data = new Uint8Array([...new Uint8Array(f16.buffer), ...new Uint8Array(bf16.buffer)]);
  const blob = fileOf(JSON.stringify({ h: tensor(0, 12, [6], 'F16'), b: tensor(12, 18, [3], 'BF16') }), data);
  const header = await readSafetensorsHeader(blob, 'x');
  expect([...(await readSafetensorsTensor(blob, header, 'h'))]).toEqual([1, -2, 2 ** -24, 65504, -0, Infinity]);
  expect([...(await readSafetensorsTensor(blob, header, 'b'))]).toEqual([1, -2, Infinity]);
});

test.each<[string, Blob, ModelFault]>([
  ['an empty file', new Blob([]), 'empty'],
  ['a file shorter than its length field', new Blob([bytes(4)]), 'truncated'],
  ['a file cut off inside the header', fileOf('{}', bytes(0), 1000), 'truncated'],
  ['a header longer than the format allows', fileOf('{}', bytes(0), 200_000_000), 'header-invalid'],
  ['a header that is not JSON', fileOf('{"a":', bytes(0)), 'header-invalid'],
  ['a header that is a list', fileOf('[]', bytes(0)), 'header-invalid'],
  ['a file cut off inside the data', fileOf(JSON.stringify({ a: tensor(0, 8, [2]) }), bytes(4)), 'truncated'],
  [
    'a file with bytes after the last tensor',
    fileOf(JSON.stringify({ a: tensor(0, 8, [2]) }), bytes(12)),
    'header-invalid',
  ],
  [
    'a file with a gap between tensors',
    fileOf(JSON.stringify({ a: tensor(0, 4, [1]), b: tensor(8, 12, [1]) }), bytes(12)),
    'header-invalid',
  ],
  [
    'a file with overlapping tensors',
    fileOf(JSON.stringify({ a: tensor(0, 8, [2]), b: tensor(4, 12, [2]) }), bytes(12)),
    'header-invalid',
  ],
  [
    'a header that names a tensor twice',
    fileOf(`{"a":${JSON.stringify(tensor(0, 4, [1]))},"a":${JSON.stringify(tensor(0, 4, [1]))}}`, bytes(4)),
    'header-invalid',
  ],
  [
    'a tensor whose size does not match its shape',
    fileOf(JSON.stringify({ a: tensor(0, 8, [3]) }), bytes(8)),
    'tensor-shape',
  ],
  [
    'a tensor whose shape overflows',
    fileOf(JSON.stringify({ a: tensor(0, 8, [2 ** 40, 2 ** 40]) }), bytes(8)),
    'tensor-shape',
  ],
  ['a tensor with a negative dimension', fileOf(JSON.stringify({ a: tensor(0, 4, [-1]) }), bytes(4)), 'tensor-shape'],
  [
    'a tensor without a type',
    fileOf(JSON.stringify({ a: { ...tensor(0, 4, [1]), dtype: 4 } }), bytes(4)),
    'header-invalid',
  ],
])('%s is rejected', async (_case, blob, fault) => {
  expect(await faultOf(blob)).toBe(fault);
});

test('the error for a truncated file states both sizes, each with its unit once, in both languages', async () => {
  const blob = fileOf(JSON.stringify({ a: tensor(0, 8, [2]) }), bytes(4));
  const thrown: unknown = await readSafetensorsHeader(blob, 'model.safetensors').catch((error: unknown) => error);
  if (!(thrown instanceof AppError)) throw new Error('the file was accepted');
  const { zh, en } = errorSentences(thrown.details);
  expect(zh).toContain(`应有 ${blob.size + 4} 字节，实有 ${blob.size} 字节`);
  expect(en).toContain(`(${blob.size + 4} bytes expected, ${blob.size} found)`);
});

test('an integer tensor is rejected when read as weights', async () => {
  const blob = fileOf(JSON.stringify({ a: tensor(0, 4, [1], 'I32') }), bytes(4));
  const header = await readSafetensorsHeader(blob, 'x');
  await expect(readSafetensorsTensor(blob, header, 'a')).rejects.toMatchObject({
    details: { fault: 'tensor-dtype', tensor: 'a' },
  });
});

test('a tensor of an unknown type is rejected only when it is read', async () => {
  const data = new Uint8Array(Float32Array.of(1, 2).buffer);
  const blob = fileOf(JSON.stringify({ a: tensor(0, 4, [1]), b: tensor(4, 8, [4], 'F8_E4M3') }), data);
  const header = await readSafetensorsHeader(blob, 'x');
  expect([...(await readSafetensorsTensor(blob, header, 'a'))]).toEqual([1]);
  await expect(readSafetensorsTensor(blob, header, 'b')).rejects.toMatchObject({
    details: { fault: 'tensor-dtype', tensor: 'b', found: 'F8_E4M3' },
  });
});
test('metadata of 40 MB is read, and a duplicate name after it is still found', async () => {
  const metadata = JSON.stringify({ note: 'a \\ "quoted" word {'.repeat(2_000_000) });
  const entry = JSON.stringify(tensor(0, 4, [1]));
  const header = await readSafetensorsHeader(fileOf(`{"__metadata__":${metadata},"a":${entry}}`, bytes(4)), 'x');
  expect(header.tensors.size).toBe(1);
  expect(await faultOf(fileOf(`{"__metadata__":${metadata},"a":${entry},"a":${entry}}`, bytes(4)))).toBe(
    'header-invalid',
  );
}, 60_000);
