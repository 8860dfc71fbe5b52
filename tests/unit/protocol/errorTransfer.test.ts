import { expose, wrap } from 'comlink';
import { expect, test } from 'vitest';
import { AppError, type AppErrorDetails } from '../../../src/domain/errors';
import { installErrorTransfer } from '../../../src/protocol/errorTransfer';

installErrorTransfer();

/** Returns the error that a caller catches when the other side of a channel throws `thrown`. */
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

test('an AppError crosses the channel as an AppError with all its details', async () => {
  const details: AppErrorDetails = { kind: 'import-failed', file: 'a.jsonl', line: 57, fault: 'json-broken' };
  const arrived = await caught(new AppError(details));
  expect(arrived).toBeInstanceOf(AppError);
  expect(arrived).toMatchObject({ details });
});

test('a full disk reaches the caller as quota-exceeded', async () => {
  const arrived = await caught(new DOMException('no room', 'QuotaExceededError'));
  expect(arrived).toMatchObject({ details: { kind: 'quota-exceeded' } });
});

test.each([
  ['a built-in error', new RangeError('too long'), 'RangeError: too long'],
  ['a thrown string', 'plain', '"plain"'],
  ['a thrown undefined', undefined, ''],
])('%s reaches the caller as an AppError that keeps the reason', async (_case, thrown, reason) => {
  const arrived = await caught(thrown);
  expect(arrived).toBeInstanceOf(AppError);
  expect(arrived).toMatchObject({ details: { kind: 'unexpected' } });
  if (reason) expect((arrived as AppError).details).toHaveProperty('reason', reason);
});
