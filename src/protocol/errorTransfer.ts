import { transferHandlers, type TransferHandler } from 'comlink';
import { AppError, toAppError, type AppErrorDetails } from '../domain/errors';

/** Value that comlink passes to its `throw` handler. */
interface Thrown {
  value: unknown;
}

function isThrown(value: unknown): value is Thrown {
  return typeof value === 'object' && value !== null && original !== undefined && original.canHandle(value);
}

const original = transferHandlers.get('throw');

/**
 * Replaces comlink's handler, which keeps an error's name, message and stack but loses its other fields. This handler
 * also transfers `details` and turns any other thrown value into an AppError. Install it on both sides before exposing
 * or wrapping anything.
 */
export function installErrorTransfer(): void {
  const handler: TransferHandler<Thrown, AppErrorDetails> = {
    canHandle: isThrown,
    serialize: ({ value }) => [toAppError(value).details, []],
    deserialize: (details) => {
      throw new AppError(details);
    },
  };
  transferHandlers.set('throw', handler);
}
