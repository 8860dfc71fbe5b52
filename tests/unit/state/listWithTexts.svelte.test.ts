import { expect, it } from 'vitest';
import { ListWithTexts } from '../../../src/state/listWithTexts.svelte';

it('a list is shown with its own texts, and texts that arrive after those of a newer version are dropped', async () => {
  const list = new ListWithTexts<string[], string>();
  const arrive = new Map<string, () => void>();
  const read = (texts: string) => () =>
    new Promise<string>((resolve) => void arrive.set(texts, () => void resolve(texts)));
  const first = list.show(['a'], read('first'));
  expect(list.shown).toBeNull();
  const second = list.show(['b'], read('second'));
  arrive.get('second')?.();
  await second;
  arrive.get('first')?.();
  await first;
  expect(list.shown).toEqual({ list: ['b'], texts: 'second' });

  const third = list.show(['c'], read('third'));
  expect(list.shown?.list).toEqual(['b']);
  list.clear();
  arrive.get('third')?.();
  await third;
  expect(list.shown).toBeNull();
});
