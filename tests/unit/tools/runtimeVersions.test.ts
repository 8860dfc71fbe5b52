import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runtimeVersion } from '../../../workers/services/onnx/onnxRuntime';
import { transformersVersion } from '../../../workers/services/onnx/transformersModel';

describe('the versions in the key of vectors by ONNX models', () => {
  it('are those of the packages', () => {
    const file = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    const packages = JSON.parse(file) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
    expect({ ...packages.devDependencies, ...packages.dependencies }).toMatchObject({
      '@huggingface/transformers': transformersVersion,
      'onnxruntime-web': runtimeVersion,
    });
  });
});
