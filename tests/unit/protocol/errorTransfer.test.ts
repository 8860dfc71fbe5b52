import { expose, wrap } from 'comlink';
import { expect, test } from 'vitest';
import { AppError, type AppErrorDetails } from '../../../src/domain/errors';
import { installErrorTransfer } from '../../../src/protocol/errorTransfer';

installErrorTransfer();

/** What a caller catches when the other side of a channel throws `thrown`. */
async function caught(thrown: unknown): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  expose(() => {
    throw thrown;
  }, port1);
  try {
    await wrap<() => Promise<void>>(port2)();
    return undefined;
  } catch (arrived) {
    return arrived;
  } finally {
    port1.close();
    port2.close();
  }
}

test('an AppError crosses with all its details and as an AppError', async () => {
  const details: AppErrorDetails = { kind: 'import-failed', file: 'a.jsonl', line: 57, fault: 'json-broken' };
  const arrived = await caught(new AppError(details));
  expect(arrived).toBeInstanceOf(AppError);
  expect(arrived).toMatchObject({ details });
});

test('a full disk arrives as quota-exceeded', async () => {
  const arrived = await caught(new DOMException('no room', 'QuotaExceededError'));
  expect(arrived).toMatchObject({ details: { kind: 'quota-exceeded' } });
});

test.each([
  ['an error of the language', new RangeError('too long'), 'RangeError: too long'],
  ['a string', 'plain', '"plain"'],
  ['nothing', undefined, ''],
])('%s arrives as an AppError that keeps the reason', async (_, thrown, reason) => {
  const arrived = await caught(thrown);
  expect(arrived).toBeInstanceOf(AppError);
  expect(arrived).toMatchObject({ details: { kind: 'unexpected' } });
  if (reason) expect((arrived as AppError).details).toHaveProperty('reason', reason);
});
