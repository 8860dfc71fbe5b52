import { transferHandlers, type TransferHandler } from 'comlink';
import { AppError, toAppError, type AppErrorDetails } from '../domain/errors';

/** What comlink hands its `throw` handler. */
interface Thrown {
  value: unknown;
}

function isThrown(value: unknown): value is Thrown {
  return typeof value === 'object' && value !== null && original !== undefined && original.canHandle(value);
}

const original = transferHandlers.get('throw');

/**
 * Comlink's own handler keeps name, message and stack of an error and loses its fields. This one sends an AppError's details whole;
 * every other thrown value arrives as an AppError, too. Installed on both sides before anything is exposed or wrapped.
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
