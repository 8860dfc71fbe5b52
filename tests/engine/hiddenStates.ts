import type { EncoderConfig } from '../../src/domain/model';
import { freeTokens, uploadTokens } from '../../workers/engine/model/deviceTokens';
import { encoderLastHidden } from '../../workers/engine/model/encoder';
import { packTokens } from '../../workers/engine/model/packedTokens';
import type { TokenBatch } from '../../workers/engine/model/tokenBatch';
import type { ParameterStore } from '../../workers/engine/model/parameterStore';
import { quadsFor } from '../../workers/engine/quads';

/**
 * Returns the engine's counterpart of PyTorch's `last_hidden_state`, without padding: [tokens, H] in row-major order.
 * GPU→CPU sync.
 */
export async function hiddenStates(
  { segments: weights }: ParameterStore,
  config: EncoderConfig,
  batch: TokenBatch,
): Promise<Float32Array> {
  const { engine } = weights;
  const tokens = uploadTokens(engine, packTokens(batch, config, quadsFor));
  const hidden = encoderLastHidden({ engine, weights, config, tokens, dropout: undefined }); // [T, H]
  freeTokens(engine, tokens);
  try {
    const all = await engine.commands.read(hidden); // GPU→CPU sync
    return all.subarray(0, tokens.packed.tokens * config.hiddenSize);
  } finally {
    engine.pool.free(hidden);
    engine.pool.trim();
  }
}
