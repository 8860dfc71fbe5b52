import { describe, expect, it } from 'vitest';
import { candidateId } from '../../../src/domain/evaluate/candidate';
import { candidatesOf, parseEvaluationFile } from '../../../src/domain/evaluate/evaluationFile';
import { defaultExperiment, experimentModelOf } from '../../../src/domain/experiment';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { own } from '../../../src/domain/errorWords';
import type { StoredModel } from '../../../src/domain/model';
import type { OnnxModel } from '../../../src/domain/onnxModel';

const guessed = <T>(value: T) => ({ value, guessed: true });
const stored = (name: string, contentSha256 = 'a'.repeat(64)): StoredModel =>
  ({
    name,
    contentSha256,
    defaults: {
      pooling: guessed('mean'),
      normalize: guessed(true),
      maxTokens: guessed(128),
      queryPrefix: guessed(''),
      passagePrefix: guessed(''),
    },
  }) as StoredModel;

const locations = { knowledgeBase: 'kb.jsonl', testQuestions: 'test.jsonl' };
const refusal = (json: unknown): unknown => {
  try {
    parseEvaluationFile(json);
    return null;
  } catch (error) {
    return (error as { details: unknown }).details;
  }
};

describe('an evaluation file', () => {
  it('has defaults: the keyword search, cut-off 1, the first model as baseline, and the part of its questions', () => {
    const file = parseEvaluationFile({ models: [{ location: '../models/demo-zh/' }], locations });
    expect(file).toMatchObject({ part: 'test', keywords: true, k: 1, baseline: 'demo-zh' });
    expect(parseEvaluationFile({ locations: { ...locations, testQuestions: undefined } }).part).toBe('dev');
    expect(parseEvaluationFile({ part: 'dev', locations }).part).toBe('dev');
    expect(parseEvaluationFile({ locations }).baseline).toBe('BM25');
    const hub = parseEvaluationFile({ models: [{ location: 'hub:BAAI/bge-small-zh@main' }], locations });
    expect(hub.models[0]?.name).toBe('BAAI/bge-small-zh');
  });

  it('lists a model, its fusion and the keyword search, with the settings that it states before the usual ones', () => {
    const model = { location: 'bge-small-zh', fused: true, maxTokens: 64 };
    const candidates = candidatesOf(parseEvaluationFile({ models: [model], locations }), [stored('bge-small-zh')]);
    expect(candidates.map(({ name }) => name)).toEqual(['bge-small-zh', 'bge-small-zh + BM25', 'BM25']);
    const [dense] = candidates;
    expect(dense?.candidate).toMatchObject({
      kind: 'base',
      model: { pooling: 'cls', maxTokens: 64, queryPrefix: '为这个句子生成表示以用于检索相关文章：' },
    });
  });

  it('lists a model with a graph as one that transformers.js runs, with the pooling of its family', () => {
    const model = { location: 'hub:Xenova/bge-base-zh-v1.5@main', onnx: 'onnx/model_quantized.onnx', maxTokens: 64 };
    const file = parseEvaluationFile({ models: [model], locations });
    expect(file.models[0]).toMatchObject({ onnx: 'onnx/model_quantized.onnx', stated: { maxTokens: 64 } });
    const graph = { path: model.onnx, bytes: 5, sha256: '', weightsId: '' };
    const onnx: OnnxModel = { ...stored('Xenova/bge-base-zh-v1.5'), graph, data: [], dimension: 8, createdAt: 0 };
    const [dense] = candidatesOf(file, [onnx]);
    expect(dense?.candidate).toMatchObject({ kind: 'onnx', model: { pooling: 'cls', maxTokens: 64 } });
  });

  it('gives the candidate of a model without stated settings the id that the page gives it', () => {
    const [dense] = candidatesOf(parseEvaluationFile({ models: [{ location: 'own' }], locations }), [stored('own')]);
    const page = { kind: 'base' as const, model: experimentModelOf(stored('own')) };
    expect(candidateId(dense!.candidate)).toBe(candidateId(page));
  });

  it('is refused if a model has two names, unless its settings differ: it would be counted twice', () => {
    const listOf = (changes: object) =>
      candidatesOf(parseEvaluationFile({ models: [{ location: 'x/a' }, { location: 'y/b', ...changes }], locations }), [
        stored('a'),
        stored('b'),
      ]).map(({ name }) => name);
    expect(listOf({ maxTokens: 64 })).toEqual(['a', 'b', 'BM25']);
    const details = {
      kind: 'experiment-invalid',
      path: 'models.1',
      found: '"b"',
      expected: own('different-model', 'a'),
    };
    expect(() => listOf({})).toThrow(expect.objectContaining({ details }) as Error);
  });

  it.each([
    [[], ''],
    [{ locations, stages: [] }, 'stages'],
    [{ models: [{}], locations }, 'models.0.location'],
    [{ models: [{ location: 'a', maxTokens: 1 }], locations }, 'models.0.maxTokens'],
    [{ models: [{ location: 'a', onnx: 'model.bin' }], locations }, 'models.0.onnx'],
    [{ models: [{ location: 'x/a' }, { location: 'y/a' }], locations }, 'models.0.name'],
    [{ models: [{ location: 'x/a', name: 'BM25' }], locations }, 'models.0.name'],
    [{ models: [{ location: 'a' }], baseline: 'b', locations }, 'baseline'],
    [{ keywords: false, locations }, 'models'],
    [{ k: 0, locations }, 'k'],
    [{ k: 1001, locations }, 'k'],
    [{ schemaVersion: 2, locations }, 'schemaVersion'],
    [{ locations: { ...locations, pairs: 'pairs.csv' } }, 'locations.pairs'],
    [{ locations: { ...locations, model: 'm' } }, 'locations.model'],
    [{ locations, data: [{ role: 'pairs', contentSha256: 'a'.repeat(64) }] }, 'data.0.role'],
  ])('is refused with the field that is wrong: %j', (json, path) => {
    expect(refusal(json)).toMatchObject({ kind: 'experiment-invalid', path });
  });

  it('becomes an experiment without training whose only data are passages and questions', () => {
    const { inputs } = parseEvaluationFile({ models: [{ location: 'a' }], locations });
    const experiment = parseExperiment({ data: inputs.experiment.data, split: { devFraction: 0 } });
    expect(experiment.stages).toEqual(defaultExperiment().stages);
    expect(experiment.model).toBeNull();
  });
});
