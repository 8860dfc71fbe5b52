import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Newest } from '../../../src/state/newest';
import { question } from './question';

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

it('a caller that waits goes on once the newest question is answered, and fails if that one fails', async () => {
  const newest = new Newest();
  const taken: string[] = [];
  const ended: string[] = [];
  const [first, second, third] = [question<string>(), question<string>(), question<string>()];
  const waiting = newest.askAndWait(first.read, (text) => taken.push(text)).then(() => ended.push('first'));
  const asked = newest.ask(second.read, (text) => taken.push(text));
  first.answer('first');
  await first.read();
  expect(ended).toEqual([]);
  second.answer('second');
  await Promise.all([waiting, asked]);
  expect([taken, ended]).toEqual([['second'], ['first']]);
  const failing = newest.askAndWait(question<string>().read, () => expect.unreachable());
  const last = newest.ask(third.read, () => expect.unreachable());
  third.fail(new Error('no'));
  await expect(last).rejects.toThrow('no');
  expect(await Promise.race([failing, Promise.resolve('waits for its own answer')])).toBe('waits for its own answer');
});

it('a question learns whether a newer one has been asked', async () => {
  const newest = new Newest();
  const only = question<string>();
  let isNewest: () => boolean = () => expect.unreachable();
  const asked = newest.ask(
    (tell) => ((isNewest = tell), only.read()),
    () => undefined,
  );
  expect(isNewest()).toBe(true);
  newest.forget();
  expect(isNewest()).toBe(false);
  only.answer('late');
  await asked;
});

it('no effect that names an async function assigns to a variable after it without asking through Newest', () => {
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
