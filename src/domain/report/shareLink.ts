import { deflateSync, inflateSync } from 'fflate';
import * as v from 'valibot';
import { AppError, type LinkFault } from '../errors';
import { metricNames, type Experiment, type MetricName } from '../experiment';
import { canonicalJson } from '../canonicalJson';
import { sha256Hex } from '../hash';
import { parseExperiment } from '../parseExperiment';
import type { Metrics } from '../evaluate/metrics';
import { cutAt, wellFormed } from '../wellFormed';
import { toBase64url, fromBase64url } from './base64url';
import { changesFromDefaults } from './changesFromDefaults';

/**
 * Version of the link format. The text in a URL's hash is the base64url of `version (1 byte) | length of the deflated
 * JSON (2) | checksum (8) | deflated JSON`. The JSON holds differences from the defaults of its schema version, so
 * changing a default needs a new schema version.
 */
const linkVersion = 1;
/**
 * Maximum characters of the text of a link, without the address before it. An estimate of what mail and chat programs
 * pass on uncut. A usual experiment with its metrics takes fewer than 600 characters; a listed batch order can take
 * many more.
 */
const maxLinkCharacters = 2000;
/** Limit on the inflated JSON, in bytes. A genuine link of 2,000 characters stays far below it. */
const maxJsonBytes = 64 * 1024;
/** Maximum length of a name, in UTF-16 code units. */
const maxNameLength = 200;
const checksumBytes = 8;
const headerBytes = 3 + checksumBytes;

export interface SharedExperiment {
  experiment: Experiment;
  name: string;
  /** Test metrics that the sender claims; not verified. */
  claim?: { before: Metrics; after: Metrics } | undefined;
}

const rate = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Metrics in the order of `metricNames`, then questions and passages. */
const packedMetrics = v.strictTuple([rate, rate, rate, rate, rate, rate, rate, count, count]);
const payloadSchema = v.strictObject({
  e: v.record(v.string(), v.unknown()),
  n: v.pipe(v.string(), v.maxLength(maxNameLength)),
  c: v.optional(v.strictTuple([packedMetrics, packedMetrics])),
});

function fail(fault: LinkFault, cause?: unknown): AppError {
  return new AppError({ kind: 'link-invalid', fault }, { cause });
}

/** Returns the metrics rounded to 5 decimals, which is finer than any set of test questions can resolve. */
function packed(metrics: Metrics): number[] {
  return [...metricNames.map((name) => Math.round(metrics[name] * 1e5) / 1e5), metrics.questions, metrics.passages];
}

function unpacked(values: readonly number[]): Metrics {
  const at = (index: number): number => values[index] ?? 0;
  const named = (name: MetricName): number => at(metricNames.indexOf(name));
  return {
    hitRateAt1: named('hitRateAt1'),
    hitRateAt3: named('hitRateAt3'),
    hitRateAt5: named('hitRateAt5'),
    hitRateAt10: named('hitRateAt10'),
    recallAt10: named('recallAt10'),
    mrrAt10: named('mrrAt10'),
    ndcgAt10: named('ndcgAt10'),
    questions: at(metricNames.length),
    passages: at(metricNames.length + 1),
  };
}

async function checksum(version: number, body: Uint8Array): Promise<Uint8Array> {
  const framed = new Uint8Array(body.length + 1);
  framed[0] = version;
  framed.set(body, 1);
  const hex = await sha256Hex(framed);
  return Uint8Array.from({ length: checksumBytes }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** Whether the checksum matches version and body. */
async function isIntact(bytes: Uint8Array): Promise<boolean> {
  const expected = await checksum(bytes[0] ?? 0, bytes.subarray(headerBytes));
  return expected.every((byte, i) => byte === bytes[3 + i]);
}

/**
 * Encodes the text of the link, without the address before it.
 * @throws link-invalid (too-large) if the text would exceed 2,000 characters.
 */
export async function encodeLink(shared: SharedExperiment): Promise<string> {
  const { experiment, name, claim } = shared;
  const payload = {
    e: changesFromDefaults(experiment),
    n: cutAt(wellFormed(name), maxNameLength),
    ...(claim ? { c: [packed(claim.before), packed(claim.after)] } : {}),
  };
  const body = deflateSync(new TextEncoder().encode(JSON.stringify(payload)), { level: 9 });
  const bytes = new Uint8Array(headerBytes + body.length);
  bytes.set([linkVersion, body.length >> 8, body.length & 0xff]);
  bytes.set(await checksum(linkVersion, body), 3);
  bytes.set(body, headerBytes);
  const text = toBase64url(bytes);
  if (text.length > maxLinkCharacters) throw fail('too-large');
  return text;
}

/** Whether the text has a length that base64url never has, so its end is missing. */
function cannotEnd(text: string): boolean {
  return text.length % 4 === 1 && /^[\w-]*$/.test(text);
}

/**
 * Decodes and validates the text of a link.
 * @throws link-invalid with one of the faults cut, tampered, too-new, too-large and invalid.
 */
export async function decodeLink(text: string): Promise<SharedExperiment> {
  if (text.length > maxLinkCharacters) throw fail('too-large');
  const bytes = fromBase64url(text);
  if (!bytes || bytes.length === 0) throw fail(text === '' || cannotEnd(text) ? 'cut' : 'invalid');
  const [version = 0, high = 0, low = 0] = bytes;
  const body = bytes.subarray(headerBytes);
  // Any text has some first byte, so a higher version is believed only if the checksum is right.
  if (version > linkVersion) throw fail((await isIntact(bytes)) ? 'too-new' : 'invalid');
  if (version < linkVersion) throw fail('invalid');
  const length = high * 256 + low;
  if (bytes.length < headerBytes || body.length < length) throw fail('cut');
  // The checksum does not cover the stated length.
  if (body.length !== length || toBase64url(bytes) !== text || !(await isIntact(bytes))) throw fail('tampered');
  return sharedOf(unfold(body));
}

function unfold(body: Uint8Array): unknown {
  let json: Uint8Array;
  try {
    // A link has at most 1,500 bytes, which inflate to at most 1.5 MB: small enough to check the size only afterwards.
    json = inflateSync(body);
  } catch (cause) {
    throw fail('tampered', cause);
  }
  if (json.length > maxJsonBytes) throw fail('too-large');
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
    return value;
  } catch (cause) {
    throw fail('invalid', cause);
  }
}

function sharedOf(payload: unknown): SharedExperiment {
  const result = v.safeParse(payloadSchema, payload);
  if (!result.success) throw fail('invalid');
  const { e, n, c } = result.output;
  try {
    const experiment = parseExperiment(e);
    // An experiment without canonical JSON, for example with half an emoji in a prefix, has no hash and could not be
    // run.
    canonicalJson(experiment);
    return {
      experiment,
      name: wellFormed(n),
      ...(c ? { claim: { before: unpacked(c[0]), after: unpacked(c[1]) } } : {}),
    };
  } catch (cause) {
    const tooNew = cause instanceof AppError && cause.details.kind === 'experiment-too-new';
    throw fail(tooNew ? 'too-new' : 'invalid', cause);
  }
}
