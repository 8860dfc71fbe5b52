import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { own, type Said } from '../../../src/domain/errorWords';
import golden from '../../fixtures/pytorch/state.json';
import { AppError } from '../../../src/domain/errors';
import { errorSentences } from '../../../src/ui/i18n/errors';
import { openPytorch } from '../../../workers/formats/pytorch';
import { op, statePickle, torchArchive, type TorchTensor } from './torchFile';

const fixture = (name: string): Blob => new Blob([readFileSync(`tests/fixtures/pytorch/${name}`)]);

/** Returns a file with one float32 storage of six values. */
const archive = (pickle: number[]): Promise<Blob> => torchArchive(pickle, Float32Array.of(0, 1, 2, 3, 4, 5));

async function failure(work: Promise<unknown>): Promise<unknown> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof AppError)) throw new Error('the file was accepted');
  return thrown.details;
}

describe('the reader of PyTorch files', () => {
  it.each(['state.bin', 'legacy.bin'])('finds every value that torch saved in %s', async (name) => {
    const { tensors, read } = await openPytorch(fixture(name), name);
    for (const [tensor, { shape, values }] of Object.entries(golden.tensors)) {
      expect(tensors.get(tensor)?.shape, tensor).toEqual(shape);
      expect([...(await read(tensor))], tensor).toEqual(values);
    }
    const dtypes = ['f32', 'f16', 'bf16', 'f64', 'position_ids'].map((tensor) => tensors.get(tensor)?.dtype);
    expect(dtypes).toEqual(['F32', 'F16', 'BF16', 'F64', 'I64']);
    expect(tensors.size).toBe(Object.keys(golden.tensors).length + 1);
  });

  it('reads the state dict of a module, with the versions that torch attaches to it', async () => {
    const { read } = await openPytorch(fixture('module.bin'), 'module.bin');
    expect([...(await read('weight')), ...(await read('bias'))]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, -1, -1]);
  });

  it('refuses a tensor of integers when it is read', async () => {
    const { read } = await openPytorch(fixture('state.bin'), 'state.bin');
    expect(await failure(read('position_ids'))).toMatchObject({ fault: 'tensor-dtype', found: 'I64' });
  });

  it('opens a file with an unused tensor of an unknown type, and names the type when it is read', async () => {
    const { read } = await openPytorch(await archive(statePickle({ storage: 'QInt8Storage' })), 'x');
    expect(await failure(read('w'))).toMatchObject({ fault: 'tensor-dtype', tensor: 'w', found: 'QInt8Storage' });
  });

  it.each(['otherTypes.bin', 'otherTypesLegacy.bin'])(
    'opens %s, whose unused tensors have other types',
    async (name) => {
      const { tensors, read } = await openPytorch(fixture(name), name);
      expect([...(await read('f32'))]).toEqual([0, 1, 2]);
      expect([...tensors].map(([tensor, { dtype, shape }]) => [tensor, dtype, shape])).toEqual([
        ['float8', 'float8_e4m3fn', [2, 3]],
        ['uint16', 'uint16', [3]],
        ['complex64', 'ComplexFloatStorage', [2]],
        ['complex128', 'ComplexDoubleStorage', [1]],
        ['f32', 'F32', [3]],
      ]);
      for (const tensor of ['float8', 'complex64'])
        expect(await failure(read(tensor))).toMatchObject({ fault: 'tensor-dtype', tensor });
    },
  );

  it.each<[string, number[] | string, Said]>([
    ['a call to a system function', 'command.bin', 'posix.system'],
    ['a whole module instead of its state dict', 'wholeModule.bin', 'torch.nn.modules.linear.Linear'],
    ['a built-in function', [...op.begin, ...op.global('builtins', 'eval')], 'builtins.eval'],
    ['an opcode that makes objects', [...op.begin, 0x81], own('opcode', 'NEWOBJ (0x81)')],
    ['an opcode that imports by name', [...op.begin, 0x93], own('opcode', 'STACK_GLOBAL (0x93)')],
    ['an unknown opcode', [...op.begin, 0xff], own('opcode', '0xff')],
    [
      'a call to a class that is only a name',
      [...op.begin, ...op.global('torch', 'FloatStorage'), ...op.emptyTuple, ...op.reduce],
      own('call-of', 'torch.FloatStorage'),
    ],
    ['marks without end', [...op.begin, ...Array.from({ length: 200 }, () => 0x28)], own('nested-containers', 100)],
  ])('executes nothing: %s is refused by name', async (_case, content, found) => {
    const blob = typeof content === 'string' ? fixture(content) : await archive(content);
    expect(await failure(openPytorch(blob, 'pytorch_model.bin'))).toEqual({
      kind: 'model-invalid',
      file: 'pytorch_model.bin',
      fault: 'pickle-unsupported',
      found,
    });
  });

  it.each<[string, number[]]>([
    ['ends too early', [...op.begin, ...op.string('abc').slice(0, -1)]],
    ['promises more text than there is', [...op.begin, 0x58, 255, 255, 255, 255]],
    ['takes a value from an empty stack', [...op.begin, ...op.stop]],
    ['recalls what it never stored', [...op.begin, 0x68, 7, ...op.stop]],
    ['closes a tuple that it never opened', [...op.begin, ...op.tuple, ...op.stop]],
    ['has no tensors', [...op.begin, ...op.dict, ...op.stop]],
    ['has a tensor with a negative offset', statePickle({ offset: -1 })],
    ['has a tensor with a negative size', statePickle({ shape: [-6] })],
    ['has a tensor with fewer strides than sizes', statePickle({ shape: [2, 3] })],
  ])('refuses a pickle that %s', async (_case, pickle) => {
    expect(await failure(openPytorch(await archive(pickle), 'x'))).toMatchObject({ fault: 'pickle-invalid' });
  });

  it.each<[string, TorchTensor]>([
    ['is longer than its storage', { shape: [7] }],
    ['leaves its storage by its offset', { offset: 1 }],
    ['leaves its storage by its strides', { shape: [2, 3], strides: [4, 1] }],
    ['has a storage longer than the file says', { elements: 7, shape: [7] }],
  ])('refuses to read a tensor that %s', async (_case, tensor) => {
    const { read } = await openPytorch(await archive(statePickle(tensor)), 'x');
    expect(await failure(read('w'))).toMatchObject({ fault: 'truncated' });
  });

  it.each(['state.bin', 'legacy.bin'])('refuses %s cut off anywhere', async (name) => {
    const whole = fixture(name);
    for (const share of [0.02, 0.3, 0.6, 0.97]) {
      const details = await failure(openPytorch(whole.slice(0, Math.floor(whole.size * share)), name));
      expect(details).toMatchObject({ kind: 'model-invalid', file: name });
    }
  });

  it('says in both languages what it refuses and which format to use', async () => {
    const details = await failure(openPytorch(fixture('command.bin'), 'pytorch_model.bin'));
    const { zh, en } = errorSentences(details as Parameters<typeof errorSentences>[0]);
    expect(zh).toContain('posix.system');
    expect(en).toContain('posix.system');
    expect(en).toContain('safetensors');
  });
});
