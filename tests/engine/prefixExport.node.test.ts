import { beforeAll, describe, expect, it } from 'vitest';
import golden from '../fixtures/engine/prefixModel.json';
import { ParameterStore } from '../../workers/engine/model/parameterStore';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { encodeBatch } from '../../workers/engine/model/encode';
import { collectFile } from '../../workers/formats/collectFile';
import { exportFolder } from '../../workers/services/report/exportFolder';
import { prefixedSets, withTokens } from '../../workers/services/tokenize/prefixTokens';
import { TextTokenizer } from '../../workers/services/tokenize/textTokenizer';
import { tokenizeAll } from '../../workers/services/tokenize/tokenize';
import { prefixOf } from '../../src/domain/train/prefix';
import { projectFile } from './projectFile';
import { baseModel, exportSource, prefixStages, settings, trainedModel } from './prefixModel';
import { openTestDevice } from './testDevice';

const prefix = prefixOf(prefixStages) ?? { tokens: [], side: 'queries', stage: 0 };

/** Files that other tools read; the rest is for people. */
const read = (name: string): boolean => !['README.md', 'experiment.json'].includes(name);

beforeAll(() => openTestDevice());

async function tokensOf(texts: readonly string[], queryPrefix: string): Promise<number[][]> {
  const set = await tokenizeAll(new TextTokenizer(baseModel), texts, queryPrefix, settings.maxTokens, () => undefined);
  const own = { key: '', ...set };
  const all = { anchors: own, positives: own, knowledgeBase: own, dev: own, test: own };
  const { test, positives } = prefixedSets(all, baseModel, prefix, settings.maxTokens);
  expect(positives).toBe(own);
  return texts.map((_, i) => [...test.ids.subarray(test.offsets[i], test.offsets[i + 1])]);
}

describe('the export of a run that trained a prefix', () => {
  it('has the bytes that tools/golden/prefixExport.py reads with sentence-transformers and onnxruntime', async () => {
    const names: string[] = [];
    for (const { name, input } of exportFolder(exportSource())) {
      if (!read(name)) continue;
      names.push(name);
      const written = new Uint8Array(await (await collectFile(input)).arrayBuffer());
      expect(written, name).toEqual(new Uint8Array(await projectFile(`tests/fixtures/engine/prefixModel/${name}`)));
    }
    expect(names).toContain('onnx/model.onnx');
  });

  it('is tokenized by other tools as the run tokenizes the texts, cut at the length limit', async () => {
    expect(await tokensOf(golden.queries.texts, settings.queryPrefix)).toEqual(golden.queries.ids);
    const { files } = baseModel;
    const exported = new TextTokenizer({ files: withTokens(files, prefix.tokens, baseModel.config.vocabularySize) });
    const text = prefix.tokens.join('') + settings.queryPrefix;
    const whole = golden.queries.texts.map((one) => exported.encode(text + one, settings.maxTokens).ids);
    expect(whole).toEqual(golden.queries.ids);
    expect(Math.max(...whole.map(({ length }) => length))).toBe(settings.maxTokens);
  });

  it('gives the vectors of the page in other tools', async () => {
    const { model, weights } = trainedModel();
    const parameters = new ParameterStore(deviceEngine(), model.tensors);
    for (const [name, values] of weights) parameters.write(name, values);
    for (const { ids, vectors } of [golden.queries, golden.passages])
      for (const [i, expected] of vectors.entries()) {
        const row = ids[i] ?? [];
        const batch = { ids: Int32Array.from(row), offsets: Uint32Array.of(0, row.length) };
        const found = await encodeBatch(parameters, model.config, batch, { pooling: 'mean', normalize: true });
        for (const [j, value] of expected.entries()) expect(Math.abs((found[j] ?? NaN) - value)).toBeLessThan(1e-5);
      }
    parameters.dispose();
  });

  it('has a model card with the tokens in its prompts', () => {
    const card = exportFolder(exportSource()).find(({ name }) => name === 'README.md')?.input;
    expect(card).toContain('Query prefix: `[prefix1][prefix2][prefix3]问题：`');
    expect(card).toContain('tokenizer.encode("[prefix1][prefix2][prefix3]问题：" + "问题")');
  });
});
