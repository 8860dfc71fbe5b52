import fc from 'fast-check';
import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { canonicalJson } from '../../../src/domain/canonicalJson';
import { defaultExperiment, type Experiment } from '../../../src/domain/experiment';
import { sha256Hex } from '../../../src/domain/hash';
import { toBase64url, fromBase64url } from '../../../src/domain/report/base64url';
import { decodeLink, encodeLink } from '../../../src/domain/report/shareLink';
import type { Metrics } from '../../../src/domain/evaluate/metrics';
import { experiments } from './experiments';

const example: Experiment = {
  ...defaultExperiment(),
  data: [
    { role: 'knowledgeBase', contentSha256: '0123456789abcdef'.repeat(4) },
    { role: 'questions', part: 'test', contentSha256: 'fedcba9876543210'.repeat(4) },
  ],
  model: {
    contentSha256: '13579bdf02468ace'.repeat(4),
    pooling: 'cls',
    normalize: true,
    maxTokens: 128,
    queryPrefix: '为这个句子生成表示以用于检索相关文章：',
    passagePrefix: '',
  },
};
const metrics: Metrics = {
  hitRateAt1: 0.71,
  hitRateAt3: 0.8,
  hitRateAt5: 0.85,
  hitRateAt10: 0.9,
  recallAt10: 0.9,
  mrrAt10: 0.7701,
  ndcgAt10: 0.81234,
  questions: 100,
  passages: 240,
};

async function faultOf(text: string): Promise<string> {
  const thrown: unknown = await decodeLink(text).then(
    (shared) => shared,
    (error: unknown) => error,
  );
  if (thrown instanceof AppError && thrown.details.kind === 'link-invalid') return thrown.details.fault;
  return `no fault: ${JSON.stringify(thrown)}`;
}

/** Returns a link with the given payload, valid or not, and a matching checksum, as an attacker could send it. */
async function forged(payload: unknown, version = 1): Promise<string> {
  const bytes =
    payload instanceof Uint8Array
      ? payload
      : new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return framed(deflateSync(bytes), version);
}

/** Returns a link with the given body, valid or not, and a matching checksum. */
async function framed(body: Uint8Array, version = 1): Promise<string> {
  const sum = await sha256Hex(Uint8Array.of(version, ...body));
  return toBase64url(
    Uint8Array.of(
      version,
      body.length >> 8,
      body.length & 255,
      ...(sum.match(/../g) ?? []).slice(0, 8).map((pair) => Number.parseInt(pair, 16)),
      ...body,
    ),
  );
}

describe('a share link', () => {
  it('decodes to the same experiment, name and claim', async () => {
    const text = await encodeLink({
      experiment: example,
      name: '猪场 · pigs',
      claim: { before: metrics, after: metrics },
    });
    expect(text.length).toBeLessThan(600);
    expect(await decodeLink(text)).toEqual({
      experiment: example,
      name: '猪场 · pigs',
      claim: { before: metrics, after: metrics },
    });
  });

  it('decodes to the same experiment for any input, or encoding is refused beyond 2,000 characters', async () => {
    const property = fc.asyncProperty(experiments, fc.string({ maxLength: 200 }), async (experiment, name) => {
      const text = await encodeLink({ experiment, name }).catch((error: unknown) => error);
      if (typeof text === 'string') {
        expect(text).toMatch(/^[A-Za-z0-9_-]{1,2000}$/);
        expect(await decodeLink(text)).toEqual({ experiment, name });
      } else expect(text).toMatchObject({ details: { kind: 'link-invalid', fault: 'too-large' } });
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('is rejected if any single character changes', async () => {
    const text = await encodeLink({ experiment: example, name: 'x' });
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (let at = 0; at < text.length; at++) {
      const other = alphabet[(alphabet.indexOf(text[at] ?? '') + 1 + (at % 63)) % 64] ?? '';
      expect(['tampered', 'too-new', 'invalid', 'cut']).toContain(
        await faultOf(text.slice(0, at) + other + text.slice(at + 1)),
      );
    }
  });

  it('is rejected as cut or invalid if it is cut off at any point', async () => {
    const text = await encodeLink({ experiment: example, name: 'x' });
    for (let length = 0; length < text.length; length++)
      expect(['cut', ...(length % 4 === 1 ? ['invalid'] : [])]).toContain(await faultOf(text.slice(0, length)));
  });

  it('is rejected if any part is cut out or replaced by random characters', async () => {
    const text = await encodeLink({ experiment: example, name: 'x' });
    const property = fc.asyncProperty(
      fc.nat(text.length - 1),
      fc.nat(text.length - 1),
      fc.string({ unit: fc.constantFrom(...'AQZaz09-_'), maxLength: 40 }),
      async (a, b, noise) => {
        const broken = text.slice(0, Math.min(a, b)) + noise + text.slice(Math.max(a, b));
        fc.pre(broken !== text);
        expect(await faultOf(broken)).toMatch(/^(cut|tampered|too-new|too-large|invalid)$/);
      },
    );
    // The first example changes only the stated length.
    await fc.assert(property, { numRuns: 300, examples: [[2, 3, 'A']] });
  });

  it('is rejected as too new, not as broken, if a newer version made it', async () => {
    expect(await faultOf(await forged({ e: {}, n: '' }, 2))).toBe('too-new');
    for (const noLink of ['abcdef', 'hello-world-from-nowhere', 'zzzz']) expect(await faultOf(noLink)).toBe('invalid');
    expect(await faultOf(await forged({ e: { schemaVersion: 99 }, n: '' }))).toBe('too-new');
  });

  it('is too large only if its text has more than 2,000 characters', async () => {
    const random = (length: number, seed: number) =>
      Array.from({ length }, (_, i) =>
        String.fromCodePoint(0x4e00 + ((i * 7919 + seed * 104_729 + i * i * 31) % 20_000)),
      );
    const linkOf = (length: number) =>
      encodeLink({
        experiment: { ...example, model: { ...example.model!, queryPrefix: random(length, 1).join('') } },
        name: random(100, 2).join(''),
      });
    await expect(linkOf(500)).rejects.toMatchObject({ details: { kind: 'link-invalid', fault: 'too-large' } });
    expect(await decodeLink(await linkOf(150))).toMatchObject({ name: random(100, 2).join('') });
  });

  it('is cut if its length cannot be that of a whole link, and invalid if it has other characters', async () => {
    expect(await Promise.all(['', 'A', 'AQAB_'].map(faultOf))).toEqual(['cut', 'cut', 'cut']);
    expect(await Promise.all(['!', '!QAB_', 'AQA!_', 'AQAB!', 'AQA!', '!AQA'].map(faultOf))).toEqual(
      new Array(6).fill('invalid'),
    );
  });

  it('is rejected if bytes follow, or if its last character has bits that no byte uses', async () => {
    const text = await encodeLink({ experiment: example, name: 'x' });
    const bytes = fromBase64url(text) ?? new Uint8Array();
    expect(await faultOf(toBase64url(Uint8Array.of(...bytes, 0)))).toBe('tampered');
    const texts = await Promise.all(['', 'x', 'xy', 'xyz'].map((name) => encodeLink({ experiment: example, name })));
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const loose = texts.filter(({ length }) => length % 4 !== 0);
    expect(loose.length).toBeGreaterThan(0);
    for (const one of loose) {
      const last = alphabet[alphabet.indexOf(one.at(-1) ?? '') + 1] ?? '';
      expect(await faultOf(one.slice(0, -1) + last)).toBe('tampered');
    }
  });

  it('is rejected as invalid if an older version than the first made it, or its text is not UTF-8', async () => {
    expect(await faultOf(await forged({ e: {}, n: '' }, 0))).toBe('invalid');
    const json = new TextEncoder().encode('{"e":{},"n":"?"}');
    expect(await faultOf(await forged(json))).toContain('no fault');
    expect(await faultOf(await forged(json.map((byte) => (byte === 63 ? 0xff : byte))))).toBe('invalid');
  });

  it('is rejected as tampered if its body cannot be inflated', async () => {
    expect(await faultOf(await framed(Uint8Array.of(255, 255, 255)))).toBe('tampered');
  });

  it('is rejected if its checksum is valid but its content is not', async () => {
    expect(await faultOf(await forged({ e: { extra: 1 }, n: '' }))).toBe('invalid');
    expect(await faultOf(await forged({ e: { seed: -1 }, n: '' }))).toBe('invalid');
    expect(await faultOf(await forged({ e: {}, n: '', script: 'x' }))).toBe('invalid');
    expect(
      await faultOf(
        await forged({
          e: {},
          n: '',
          c: [
            [2, 1, 1, 1, 1, 1, 1, 1, 1],
            [1, 1, 1, 1, 1, 1, 1, 1, 1],
          ],
        }),
      ),
    ).toBe('invalid');
    expect(await faultOf(await forged('[1, 2'))).toBe('invalid');
  });

  it('has a name without half an emoji, whether the name is cut or had one before', async () => {
    const nameOf = async (text: string) => (await decodeLink(text)).name;
    const encoded = (name: string) => encodeLink({ experiment: example, name });
    expect(await nameOf(await encoded(`${'x'.repeat(199)}🐖`))).toBe('x'.repeat(199));
    expect(await nameOf(await encoded(`${'x'.repeat(198)}🐖y`))).toBe(`${'x'.repeat(198)}🐖`);
    expect(await nameOf(await encoded('a\ud83d'))).toBe('a\ufffd');
    expect(await nameOf(await forged({ e: {}, n: 'a\ud83d' }))).toBe('a\ufffd');
  });

  it('is rejected if its experiment has half an emoji, because such an experiment has no hash', async () => {
    const model = { ...example.model, queryPrefix: 'a\ud83d' };
    expect(await faultOf(await forged({ e: { model }, n: '' }))).toBe('invalid');
    expect(await faultOf(await forged({ e: { model: { ...model, queryPrefix: 'a🐖' } }, n: '' }))).toContain(
      'no fault',
    );
  });

  it('is rejected if it inflates to more than 64 kB', async () => {
    const bomb = await forged({ e: {}, n: 'x'.repeat(200_000) });
    expect(bomb.length).toBeLessThan(2000);
    expect(await faultOf(bomb)).toBe('too-large');
    expect(await faultOf('A'.repeat(2001))).toBe('too-large');
  });

  it('relies on defaults that must not change without a new schema version', async () => {
    // If this fails, raise schemaVersion, keep the old defaults for old links and files, and write the migration.
    expect(await sha256Hex(canonicalJson(defaultExperiment()))).toMatchInlineSnapshot(
      `"a8593f77d92e5c9ff8da9236d8b88999168980f29edd998bc68e6b56699b7311"`,
    );
  });
});

describe('base64url', () => {
  it('encodes any bytes as text and decodes them again', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
    });
    fc.assert(property);
  });

  it.each(['A', 'AAAAA', 'AA=', 'AAA=', '+AAA', 'A/AA', ' AAA', 'AAA\n'])('does not decode "%s"', (text) => {
    expect(fromBase64url(text)).toBeNull();
  });
});
