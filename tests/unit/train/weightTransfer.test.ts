import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { sha256Stream } from '../../../src/domain/hash';
import { prefixRowsName } from '../../../src/domain/train/prefix';
import type { Database } from '../../../src/storage/database';
import type { StoredWeights } from '../../../src/storage/weightReader';
import { WeightWriter } from '../../../src/storage/weights';
import { freshDatabase } from '../storage/support';

const stores = vi.hoisted(() => ({ failing: '', disposed: 0 }));
class Values {
  readonly values = new Map<string, number[]>();
  write(name: string, values: Float32Array): void {
    if (name === stores.failing) throw new Error('lost');
    this.values.set(name, [...values]);
  }
  read = (name: string): Promise<Float32Array> => Promise.resolve(Float32Array.from(this.values.get(name) ?? []));
  dispose = () => void (stores.disposed += 1);
}
vi.mock('../../../workers/engine/model/parameterStore', () => ({ ParameterStore: Values }));
vi.mock('../../../workers/engine/model/adamWState', () => ({
  AdamWState: class {
    readonly values = new Map<string, number[]>();
    isTrained = () => true;
    write(moment: string, name: string, values: Float32Array): void {
      if (name === stores.failing) throw new Error('lost');
      this.values.set(`${moment} ${name}`, [...values]);
    }
    dispose = () => void (stores.disposed += 1);
  },
}));
const { loadBase, loadMoments, loadWeights, reloadWeights, trainingSections, weightsSha256, weightTensors } =
  await import('../../../workers/services/train/weightTransfer');

/** Two tensors with padding after each. */
const layout = {
  tensors: [
    { name: 'a', shape: [2], offset: 0, length: 2 },
    { name: 'b', shape: [3], offset: 4, length: 3 },
  ],
  totalFloats: 8,
};
const parameters = new Values();
parameters.values.set('a', [1, 2]).set('b', [3, 4, 5]);
const moments = {
  isTrained: () => true,
  read: (moment: string, name: string) => Promise.resolve(Float32Array.of(...(read[`${moment} ${name}`] ?? []))),
};
const read: Record<string, number[]> = { 'm a': [6, 7], 'm b': [8, 9, 10], 'v a': [11, 12], 'v b': [13, 14, 15] };
const weights = [1, 2, 0, 0, 3, 4, 5, 0];
const all = [...weights, 6, 7, 0, 0, 8, 9, 10, 0, 11, 12, 0, 0, 13, 14, 15, 0];

async function collected(pieces: AsyncIterable<Float32Array>): Promise<number[]> {
  const found: number[] = [];
  for await (const piece of pieces) found.push(...piece);
  return found;
}

async function stored(values: number[]): Promise<[Database, StoredWeights]> {
  const db = await freshDatabase();
  const writer = new WeightWriter(db, 'w');
  await writer.write(Float32Array.from(values));
  await writer.finish();
  return [db, { weightsId: 'w', totalFloats: values.length } as never];
}

/** Returns the values written to a replaced store. */
const valuesOf = (store: object): Map<string, number[]> => Reflect.get(store, 'values');

beforeEach(() => void Object.assign(stores, { failing: '', disposed: 0 }));

describe('weights on their way from the device', () => {
  it('are in the stored layout, with zeros between and after the tensors', async () => {
    expect(await collected(weightTensors(layout, parameters as never))).toEqual(weights);
    const tight = { tensors: layout.tensors.slice(0, 1), totalFloats: 2 };
    expect(await collected(weightTensors(tight, parameters as never))).toEqual([1, 2]);
  });

  it('are followed by both moments in a checkpoint that training can resume from', async () => {
    const found: number[] = [];
    for (const section of trainingSections(layout, parameters as never, moments as never))
      found.push(...(await collected(section)));
    expect(found).toEqual(all);
  });

  it('have a hash that does not depend on the padding of the layout', async () => {
    async function* values(): AsyncGenerator<Float32Array> {
      yield Promise.resolve(Float32Array.of(1, 2, 3, 4, 5));
    }
    expect(await weightsSha256(layout.tensors, parameters as never)).toBe(await sha256Stream(values()));
  });
});

describe('weights on their way to the device', () => {
  it('arrive tensor by tensor, and each is reported', async () => {
    const [db, from] = await stored(weights);
    const reported: number[][] = [];
    const made = await loadWeights({} as never, db, layout, from, (done, of) => void reported.push([done, of]));
    expect(valuesOf(made)).toEqual(parameters.values);
    expect(reported).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  it('are freed if one of them cannot be written', async () => {
    const [db, from] = await stored(weights);
    stores.failing = 'b';
    await expect(loadWeights({} as never, db, layout, from, () => undefined)).rejects.toThrow('lost');
    expect(stores.disposed).toBe(1);
  });

  it('are freed if the rows of a prefix cannot be written', async () => {
    const [db, from] = await stored(weights);
    const prefix = { name: prefixRowsName, shape: [1, 2], offset: 8, length: 2 };
    const model = { ...layout, ...from, tensors: [...layout.tensors, prefix] };
    stores.failing = prefixRowsName;
    const none = { adapterPlans: [], seed: 1 };
    await expect(loadBase({} as never, db, model, () => undefined, [], none)).rejects.toThrow();
    expect(stores.disposed).toBe(1);
  });

  it('replace the weights on the device', async () => {
    const [db, from] = await stored(weights.map((value) => value * 2));
    const target = new Values();
    target.values.set('a', [0, 0]);
    await reloadWeights(db, layout, from, target as never);
    expect(target.values).toEqual(
      new Map([
        ['a', [2, 4]],
        ['b', [6, 8, 10]],
      ]),
    );
  });

  it('bring their moments, which follow them in a checkpoint', async () => {
    const [db, from] = await stored(all);
    const values = valuesOf(await loadMoments(db, layout, from, parameters as never));
    expect(Object.fromEntries(values)).toEqual(read);
    expect(stores.disposed).toBe(0);
  });

  it('free the moments if one of these cannot be written', async () => {
    const [db, from] = await stored(all);
    stores.failing = 'b';
    await expect(loadMoments(db, layout, from, parameters as never)).rejects.toThrow('lost');
    expect(stores.disposed).toBe(1);
  });
});
