import { describe, expect, it } from 'vitest';
import { own, type Said } from '../../../src/domain/errorWords';
import { openPytorch } from '../../../workers/formats/pytorch';
import { dictOps, op, stateOps, torchArchive } from './torchFile';

const values = Float32Array.of(0, 1, 2, 3, 4, 5);
const opened = async (content: number[]) =>
  openPytorch(await torchArchive([...op.begin, ...content, ...op.stop], values), 'pytorch_model.bin');
const wrapped = (key: string, inner: number[]): number[] => [...op.string(key), ...inner];
const named = (name: string): number[] => stateOps({ name });
/** The state of an optimizer: its keys are the numbers of parameters. */
const optimizer = wrapped('optimizer', dictOps(wrapped('state', dictOps([...op.int(0), ...named('exp_avg')]))));
const epoch = wrapped('epoch', op.int(3));

describe('a state dict within other dicts of a PyTorch file', () => {
  it.each<[string, number[], string[]]>([
    ['state_dict', dictOps(epoch, wrapped('state_dict', named('bert.w')), optimizer), ['state_dict.bert.w']],
    ['model', dictOps(wrapped('model', named('w')), epoch), ['model.w']],
    ['module', dictOps(wrapped('module', named('module.w'))), ['module.module.w']],
    ['two of them', dictOps(wrapped('state', dictOps(wrapped('model', named('w'))))), ['state.model.w']],
    [
      'one beside a tensor',
      dictOps(wrapped('model', named('w')), stateOps({ name: 'step' }).slice(2, -1)),
      ['step', 'model.w'],
    ],
  ])('is found: %s', async (_case, content, names) => {
    const { tensors, read } = await opened(content);
    expect([...tensors.keys()]).toEqual(names);
    expect([...(await read(names.at(-1) ?? ''))]).toEqual([...values]);
  });

  it.each<[string, number[], Said]>([
    ['no name for its tensors', dictOps([...op.int(0), ...named('w')]), own('tensors-unnamed', 1)],
    [
      'two tensors of one name',
      dictOps(wrapped('a.b', named('w')), wrapped('a', dictOps(wrapped('b', named('w'))))),
      own('tensor-twice', 'a.b.w'),
    ],
    ['no tensors', dictOps(epoch, wrapped('state_dict', op.dict)), own('no-tensors')],
  ])('is refused with %s', async (_case, content, found) => {
    await expect(opened(content)).rejects.toMatchObject({ details: { fault: 'pickle-invalid', found } });
  });

  it('is refused if it is nested in more than eight dicts', async () => {
    const within = (dicts: number): number[] => (dicts === 0 ? named('w') : dictOps(wrapped('a', within(dicts - 1))));
    expect((await opened(within(8))).tensors.size).toBe(1);
    await expect(opened(within(9))).rejects.toMatchObject({ details: { fault: 'pickle-unsupported' } });
  });

  it('is found beside containers that are nested deeply but hold no tensor', async () => {
    const within = (dicts: number): number[] => (dicts === 0 ? op.int(1) : dictOps(wrapped('a', within(dicts - 1))));
    const { tensors } = await opened(dictOps(wrapped('config', within(12)), wrapped('model', named('w'))));
    expect([...tensors.keys()]).toEqual(['model.w']);
  });

  it('has names although it is also in a list that comes first', async () => {
    // 0x71 puts the state dict into the memo, 0x68 gets it from there.
    const history = wrapped('history', [...op.mark, ...named('w'), 0x71, 9, ...op.tuple]);
    const { tensors } = await opened(dictOps(history, wrapped('last', dictOps(wrapped('model', [0x68, 9])))));
    expect([...tensors.keys()]).toEqual(['last.model.w']);
  });

  it('is found in linear time if the dicts contain each other', async () => {
    // Dict 0 holds itself under many keys: 0x71 puts it into the memo, 0x68 gets it from there.
    const repeats = Array.from({ length: 20_000 }, (_, key) => [...op.string(`k${key}`), 0x68, 0]).flat();
    const content = [...op.dict, 0x71, 0, ...op.mark, ...repeats, ...wrapped('state_dict', named('w')), ...op.setItems];
    expect([...(await opened(content)).tensors.keys()]).toEqual(['state_dict.w']);
  });
});
