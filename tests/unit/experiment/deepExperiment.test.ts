import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { parseExperimentFile } from '../../../src/domain/experimentFile';
import { excerptOf } from '../../../src/domain/foreignJson';
import { sha256Hex } from '../../../src/domain/hash';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { toBase64url } from '../../../src/domain/report/base64url';
import { decodeLink } from '../../../src/domain/report/shareLink';

function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < levels; level++) value = [value];
  return value;
}
const deep = nested(200_000);

function detailsOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as AppError).details;
  }
}

describe('an experiment with a value nested 200,000 levels deep', () => {
  const model = { contentSha256: 'a'.repeat(64), pooling: 'mean', normalize: true, maxTokens: 64 };
  it.each<[string, object]>([
    ['seed', { seed: deep }],
    ['model', { model: { ...model, queryPrefix: deep } }],
    // The model that mines negatives is compared with the base model before it is validated.
    ['stages', { model, stages: [{ negatives: { from: 'mined', model: { ...model, queryPrefix: deep } } }] }],
    ['unknown', { unknown: { inside: deep } }],
    ['locations', { locations: { pairs: deep } }],
    ['sweep', { sweep: [{ setting: 'temperature', values: [deep] }] }],
  ])('is refused by the name of the field: %s', (path, input) => {
    const details = { kind: 'experiment-invalid', path, expected: own('nested-at-most', 64) };
    expect(detailsOf(() => parseExperimentFile(input))).toMatchObject(details);
    if (path !== 'locations' && path !== 'sweep')
      expect(detailsOf(() => parseExperiment(input))).toMatchObject(details);
  });

  it('is refused as a list, too', () => {
    expect(detailsOf(() => parseExperiment(deep))).toMatchObject({ kind: 'experiment-invalid', found: '[…]' });
  });

  it('in a link is refused as an invalid link', async () => {
    const json = `{"e":{"seed":${'['.repeat(30_000)}${']'.repeat(30_000)}},"n":""}`;
    const body = deflateSync(new TextEncoder().encode(json), { level: 9 });
    const framed = Uint8Array.of(1, ...body);
    const checksum =
      (await sha256Hex(framed))
        .slice(0, 16)
        .match(/../g)
        ?.map((hex) => Number.parseInt(hex, 16)) ?? [];
    const text = toBase64url(Uint8Array.of(1, body.length >> 8, body.length & 0xff, ...checksum, ...body));
    expect(text.length).toBeLessThan(2000);
    await expect(decodeLink(text)).rejects.toMatchObject({ details: { kind: 'link-invalid', fault: 'invalid' } });
  });
});

describe('an excerpt of a value', () => {
  it.each<[unknown, string | null]>([
    [undefined, null],
    [null, 'null'],
    [{ a: 1 }, '{"a":1}'],
    ['x'.repeat(100), `"${'x'.repeat(79)}`],
    [nested(64), `${'['.repeat(64)}${']'.repeat(16)}`],
    [nested(66), '[…]'],
    [{ a: deep }, '{…}'],
  ])('quotes at most 80 characters and 64 levels', (value, excerpt) => {
    expect(excerptOf(value)).toBe(excerpt);
  });
});
