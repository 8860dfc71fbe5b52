import type { EncodeSpeed } from '../../../src/domain/evaluate/speed';
import { spreadOf } from '../../../src/domain/evaluate/speed';
import { encodingPlan } from '../../engine/model/encodingPlan';
import { equalLengths, randomTexts } from '../benchmark/randomTexts';
import { encodeTexts, type EncoderForTexts } from './encodeTexts';

/** Most batches that the texts of one round fill, so that a round ends in time. */
const mostBatches = 4;

const unwatched = (): Promise<void> => Promise.resolve();

/**
 * Measures how fast a model encodes texts of one length, as a comparison does: sorted into batches, vectors read back.
 * The texts are random tokens, because speed depends only on their number. The rounds are called one by one, so that
 * models can take turns.
 */
export class EncodeRounds {
  /** Texts per round; 0 until `prepare`. */
  #texts = 0;
  readonly #rates: number[] = [];

  constructor(
    private readonly tokens: number,
    private readonly roundMs: number,
  ) {}

  /** Compiles the kernels and chooses the number of texts per round. GPU→CPU sync. */
  async prepare(encoder: EncoderForTexts): Promise<void> {
    const { engine } = encoder.parameters.segments;
    const { tokensPerBatch, textsPerBatch } = encodingPlan(engine.traits, encoder.config);
    const perBatch = Math.max(1, Math.min(textsPerBatch, Math.floor(tokensPerBatch / this.tokens)));
    const most = mostBatches * perBatch;
    let texts = 1;
    let ms = await this.#warmMs(encoder, texts);
    // A GPU encodes a batch about as fast as a single text, so the number grows until a round takes its time.
    for (let tries = 0; tries < 4; tries++) {
      const next = Math.max(1, Math.min(most, Math.floor((texts * this.roundMs) / Math.max(ms, 0.1))));
      if (next <= texts * 1.5) break;
      texts = next;
      ms = await this.#warmMs(encoder, texts);
    }
    this.#texts = texts;
  }

  /** Compiles the kernels of a round on a device that was opened after `prepare`. GPU→CPU sync. */
  async warmUp(encoder: EncoderForTexts): Promise<void> {
    await this.#encode(encoder, this.#texts, 0);
  }

  /** Encodes the texts of one round. GPU→CPU sync. */
  async round(encoder: EncoderForTexts): Promise<void> {
    const ms = await this.#encode(encoder, this.#texts, this.#rates.length);
    this.#rates.push(this.#texts / (ms / 1000));
  }

  get speed(): EncodeSpeed {
    return { tokens: this.tokens, texts: this.#texts, textsPerSecond: spreadOf(this.#rates) };
  }

  /** Returns the time of encoding texts a second time: a new number of texts may need new kernels. */
  async #warmMs(encoder: EncoderForTexts, texts: number): Promise<number> {
    await this.#encode(encoder, texts, 0);
    return this.#encode(encoder, texts, 0);
  }

  async #encode(encoder: EncoderForTexts, count: number, salt: number): Promise<number> {
    const texts = randomTexts(equalLengths(count, this.tokens), encoder.config.vocabularySize, salt);
    const begun = performance.now();
    await encodeTexts(encoder, texts, unwatched);
    return performance.now() - begun;
  }
}
