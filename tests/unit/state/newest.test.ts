import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Newest } from '../../../src/state/newest';

/** Returns a question that is answered, or fails, when the test says so. */
function question<T>() {
  let [answer, fail]: [(value: T) => void, (error: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<T>((resolve, reject) => ([answer, fail] = [resolve, reject]));
  return { read: () => promise, answer: (value: T) => answer(value), fail: (error: Error) => fail(error) };
}

it('an answer or a failure that arrives after a newer question is dropped', async () => {
  const newest = new Newest();
  const taken: string[] = [];
  const take = (text: string): void => void taken.push(text);
  const [first, second, third] = [question<string>(), question<string>(), question<string>()];
  const asked = [first, second, third].map(({ read }) => newest.ask(read, take));
  third.answer('third');
  first.answer('first');
  second.fail(new Error('late'));
  expect(await Promise.all(asked)).toEqual([false, false, true]);
  expect(taken).toEqual(['third']);
});

it('the failure of the newest question is thrown', async () => {
  const only = question<string>();
  const asked = new Newest().ask(only.read, () => undefined);
  only.fail(new Error('no'));
  await expect(asked).rejects.toThrow('no');
});

it('nothing is taken after the question was forgotten', async () => {
  const newest = new Newest();
  const only = question<string>();
  const asked = newest.ask(only.read, () => expect.unreachable());
  newest.forget();
  only.answer('late');
  expect(await asked).toBe(false);
});

it('no effect of a component writes an answer into its state that a newer one may have overtaken', () => {
  const effects = /\$effect\([^]*?\n {2}\}\);|\$effect\(\(\) => void[^\n]*\);/g;
  const assigned = /(?<!const |let )\b[a-z]\w* = /;
  const found: string[] = [];
  for (const path of readdirSync('src/ui', { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.svelte')) continue;
    for (const [effect] of readFileSync(`src/ui/${path}`, 'utf8').matchAll(effects)) {
      const later = effect.split(/\basync\b/)[1];
      if (later !== undefined && assigned.test(later) && !effect.includes('.ask(')) found.push(`${path}: ${effect}`);
    }
  }
  expect(found).toEqual([]);
});
