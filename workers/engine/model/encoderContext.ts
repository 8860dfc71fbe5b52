import type { EncoderConfig } from '../../../src/domain/model';
import type { ArrayDType } from '../arrays';
import type { Engine } from '../engine';
import type { DropoutPlaces } from '../ops/dropout/dropoutPlaces';
import type { Adapters } from './adapters';
import type { DeviceTokens } from './deviceTokens';
import type { HalfWeights } from './halfWeights';
import type { SegmentTable } from './segmentTable';

/** Everything that a forward or backward pass reads besides its activations. */
export interface EncoderContext {
  engine: Engine;
  weights: SegmentTable;
  /**
   * Set in mixed precision: products read these copies, and activations and their gradients are stored in half
   * precision.
   */
  half?: HalfWeights | undefined;
  /** Set if the stage trains with LoRA and its adapters are not merged into the weights. */
  adapters?: Adapters | undefined;
  config: EncoderConfig;
  tokens: DeviceTokens;
  dropout: DropoutPlaces | undefined;
}

/** Returns the storage type of activations and their gradients. */
export function activationDType({ half }: Pick<EncoderContext, 'half'>): ArrayDType {
  return half ? 'f16' : 'f32';
}
