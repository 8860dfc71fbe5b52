import { readFileSync } from 'node:fs';
import type { StoredModel } from '../../../src/domain/model';

const folder = new URL('../../../public/models/demo-zh/', import.meta.url);
const given = <T>(value: T) => ({ value, guessed: false });

/** Returns text files of the demo model by path. */
export function demoFiles(...paths: string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path, readFileSync(new URL(path, folder), 'utf8')]));
}

/** Returns a record of the demo model, without weights. */
export function demoModel(files: Record<string, string>): StoredModel {
  return {
    contentSha256: 'a'.repeat(64),
    name: 'demo-zh',
    config: {
      layers: 3,
      hiddenSize: 256,
      heads: 4,
      intermediateSize: 1024,
      vocabularySize: 8286,
      maxPositions: 512,
      typeVocabularySize: 2,
      layerNormEpsilon: 1e-12,
      hiddenDropout: 0,
      attentionDropout: 0,
      padTokenId: 0,
    },
    tensors: [],
    totalFloats: 0,
    weightsId: 'none',
    files,
    defaults: {
      pooling: given('mean'),
      normalize: given(true),
      maxTokens: given(512),
      queryPrefix: given(''),
      passagePrefix: given(''),
    },
    sourceDtype: 'F32',
    createdAt: 0,
  };
}
