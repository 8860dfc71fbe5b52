import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { openDataFile, type DataFile } from '../../../workers/services/import/dataFile';
import { judgementsUnread } from '../../../workers/services/import/judgedFiles';

const bytes = new TextEncoder().encode('{"x": 1}\n{"x": 2}\n');

/** Returns a file that repeats `bytes` forever, and whether its stream was cancelled. */
async function endless(name: string, failsWith?: unknown): Promise<{ source: DataFile; isCancelled: () => boolean }> {
  let cancelled = false;
  const stream = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => (failsWith === undefined ? controller.enqueue(bytes) : controller.error(failsWith)),
      cancel: () => {
        cancelled = true;
      },
    });
  const opened = await openDataFile(new File([bytes], name), ['questions']);
  const source = { ...opened, file: Object.assign(new File([], name), { stream }) };
  return { source, isCancelled: () => cancelled };
}

const unread = new AppError({ kind: 'import-failed', file: 'q.jsonl', fault: 'relevant-missing' });
const gone = new AppError({ kind: 'import-failed', file: 'b.jsonl', fault: 'binary-file' });

describe('the search for the judgements among files that were not recognised', async () => {
  const { source: questions } = await endless('q.jsonl');

  it('reads no further than the first value of a file, and closes it', async () => {
    const other = await endless('a.jsonl');
    const error = await judgementsUnread(questions, [questions, other.source], 'questions', unread);
    expect(error?.details).toMatchObject({ fault: 'no-known-columns', file: 'a.jsonl', field: 'x' });
    expect(other.isCancelled()).toBe(true);
  });

  it.each([
    ['is refused', gone],
    ['can no longer be read', new DOMException('gone', 'NotReadableError')],
  ])('passes over a file that %s, whose error is not the reason', async (_what, failure) => {
    const { source: broken } = await endless('b.jsonl', failure);
    expect(await judgementsUnread(questions, [questions, broken], 'questions', unread)).toBeNull();
    const files = [questions, broken, (await endless('a.jsonl')).source];
    const error = await judgementsUnread(questions, files, 'questions', unread);
    expect(error?.details).toMatchObject({ file: 'a.jsonl' });
  });
});
