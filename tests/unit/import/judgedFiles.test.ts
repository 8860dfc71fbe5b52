import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import type { DataFile } from '../../../workers/services/import/dataFile';
import { judgementsUnread } from '../../../workers/services/import/judgedFiles';

const bytes = new TextEncoder().encode('{"x": 1}\n{"x": 2}\n');

/** Returns a file whose content is `bytes` without end, and whether its stream was cancelled. */
function endless(name: string, failsWith?: unknown): { source: DataFile; isCancelled: () => boolean } {
  let cancelled = false;
  const stream = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => (failsWith === undefined ? controller.enqueue(bytes) : controller.error(failsWith)),
      cancel: () => {
        cancelled = true;
      },
    });
  const source = { file: { name, stream }, format: 'jsonl', encoding: 'utf-8', stated: {} } as unknown as DataFile;
  return { source, isCancelled: () => cancelled };
}

const unread = new AppError({ kind: 'import-failed', file: 'q.jsonl', fault: 'relevant-missing' });
const gone = new AppError({ kind: 'import-failed', file: 'b.jsonl', fault: 'binary-file' });

describe('the search for the judgements among files that were not recognised', () => {
  const questions = endless('q.jsonl').source;

  it('reads no further than the first value of a file, and closes it', async () => {
    const other = endless('a.jsonl');
    const error = await judgementsUnread(questions, [questions, other.source], 'questions', unread);
    expect(error?.details).toMatchObject({ fault: 'no-known-columns', file: 'a.jsonl', field: 'x' });
    expect(other.isCancelled()).toBe(true);
  });

  it.each([
    ['is refused', gone],
    ['can no longer be read', new DOMException('gone', 'NotReadableError')],
  ])('passes over a file that %s, whose error is not the reason', async (_what, failure) => {
    const broken = endless('b.jsonl', failure).source;
    expect(await judgementsUnread(questions, [questions, broken], 'questions', unread)).toBeNull();
    const files = [questions, broken, endless('a.jsonl').source];
    const error = await judgementsUnread(questions, files, 'questions', unread);
    expect(error?.details).toMatchObject({ file: 'a.jsonl' });
  });
});
