import type { EncoderConfig } from '../../../src/domain/model';
import { quadsFor } from '../quads';
import { scratchBytes } from '../scratch';
import { encodingTokens, minEncodingTokens } from './encodingMemory';
import type { MemoryLimits } from './memoryLimits';
import { parameterCount } from './parameterCount';
import { encodingRowBytes, widestRowBytes } from './rowBytes';
import { paddingFloats } from './trainingState';

/** A frozen model that encodes the texts of a stage before the run. */
export interface GuideShape {
  config: EncoderConfig;
  /** Tokens of the longest text. */
  longest: number;
}

/** Returns the minimum bytes that encoding with a guide needs. Nothing else of the run is on the device then. */
export function guideBytes({ config, longest }: GuideShape): number {
  const weights = 4 * (parameterCount(config) + paddingFloats(config));
  return weights + scratchBytes + quadsFor(Math.max(minEncodingTokens, longest)) * encodingRowBytes(config);
}

/** Returns the bytes of the largest array when a guide encodes. */
export function guideArrayBytes({ config, longest }: GuideShape): number {
  return quadsFor(longest) * widestRowBytes(config);
}

/** Returns the maximum number of tokens in a batch that any of the guides encodes. */
export function guideTokens(guides: readonly GuideShape[], limits: MemoryLimits): number {
  const most = guides.map(({ config, longest }) =>
    encodingTokens(config, { all: parameterCount(config), trained: 0 }, { longest }, limits),
  );
  return Math.min(...most);
}
