import { describe, expect, it } from 'vitest';
import {
  fileUrl,
  hostLabel,
  hubHosts,
  parseHost,
  parseHostAddress,
  parseHubLocation,
  parseModelId,
  suggestedModels,
  type HubFile,
} from '../../../src/domain/import/hub';
import { chooseHubFiles, type WeightForm } from '../../../src/domain/import/chooseHubFiles';
import { parseModelScopeFiles, parseHubTree } from '../../../src/domain/import/hubAnswers';

const commit = 'a'.repeat(40);
const file = (path: string): HubFile => ({ path, bytes: 1, hash: { kind: 'sha256', hex: 'b'.repeat(64) }, commit });
const everything = {
  weights: ['safetensors', 'safetensors-shards', 'bin', 'bin-shards'] as WeightForm[],
  tokenizers: ['tokenizer.json', 'vocab.txt'],
};
const basics = ['config.json', 'tokenizer.json'];
const chosen = (...paths: string[]): unknown => {
  const choice = chooseHubFiles([...basics, ...paths].map(file), everything);
  return choice.kind === 'files' ? choice.files.map(({ path }) => path).slice(basics.length) : choice;
};

describe('the id of a model', () => {
  it.each([
    ['BAAI/bge-base-zh-v1.5', { id: 'BAAI/bge-base-zh-v1.5', revision: '' }],
    ['  moka-ai/m3e-base ', { id: 'moka-ai/m3e-base', revision: '' }],
    ['bert-base-chinese@v1', { id: 'bert-base-chinese', revision: 'v1' }],
    ['a/b@refs/pr/3', { id: 'a/b', revision: 'refs/pr/3' }],
  ])('is read from %j', (text, parsed) => expect(parseModelId(text)).toEqual(parsed));

  it.each(['', '/', 'a/b/c', '../b', 'a/..', 'a b', 'a/b@', 'a/b@../c', 'a/b@c@d', 'https://a/b', 'a/b?x=1', '模型/a'])(
    'is not %j',
    (text) => expect(parseModelId(text)).toBeNull(),
  );

  it('is read from locations.model of an experiment file', () => {
    expect(parseHubLocation('hub:BAAI/bge-base-zh-v1.5@main')).toEqual({
      id: 'BAAI/bge-base-zh-v1.5',
      revision: 'main',
    });
    expect(parseHubLocation('BAAI/bge-base-zh-v1.5')).toBeNull();
  });
});

describe('the models and hosts that the page suggests', () => {
  it('are bge-base-zh-v1.5 and m3e-base, from Hugging Face, its mirror or ModelScope', () => {
    expect(suggestedModels).toEqual(['BAAI/bge-base-zh-v1.5', 'moka-ai/m3e-base']);
    expect(Object.entries(hubHosts).map(([name, { protocol, baseUrl }]) => [name, protocol, baseUrl])).toEqual([
      ['huggingface', 'huggingface', 'https://huggingface.co/'],
      ['hf-mirror', 'huggingface', 'https://hf-mirror.com/'],
      ['modelscope', 'modelscope', 'https://www.modelscope.cn/'],
    ]);
  });
});

describe('the address of a host', () => {
  it.each([
    ['https://models.example.org', 'https://models.example.org/'],
    ['http://127.0.0.1:8080/hub/', 'http://127.0.0.1:8080/hub/'],
    ['HTTPS://x'.toLowerCase(), 'https://x/'],
  ])('is read from %j', (text, baseUrl) => expect(parseHostAddress(text)?.baseUrl).toBe(baseUrl));

  it.each(['models.example.org', 'ftp://x', 'https://user:secret@x', 'https://x/?a', 'https://x/#a', 'https://x/../y'])(
    'is not %j',
    (text) => expect(parseHostAddress(text)).toBeNull(),
  );

  it('can be the name of a known host', () => {
    expect(parseHost('hf-mirror')).toEqual(hubHosts['hf-mirror']);
    expect(hostLabel(hubHosts.huggingface)).toBe('huggingface.co');
  });
});

describe('the files that are fetched', () => {
  it('prefer safetensors to other weights, and whole files to shards', () => {
    const shards = ['model.safetensors.index.json', 'model-00001-of-00002.safetensors'];
    const whole = ['pytorch_model.bin', 'model.safetensors'];
    expect(chosen('pytorch_model.bin', ...shards, 'model-00002-of-00002.safetensors', 'tf_model.h5')).toEqual([
      ...shards,
      'model-00002-of-00002.safetensors',
    ]);
    expect(chosen(...whole, ...shards, 'onnx/model.onnx')).toEqual(['model.safetensors']);
    expect(chosen('pytorch_model.bin', ...shards)).toEqual(['pytorch_model.bin']);
  });

  it('include the configuration of every module, wherever it is, and files under older names', () => {
    const texts = [
      'pool/config.json',
      '2_Dense/config.json',
      'sentence_roberta_config.json',
      'added_tokens.json',
      'adapter_config.json',
    ];
    expect(chosen('model.safetensors', 'a/b/config.json', 'notes.json', ...texts)).toEqual([
      ...texts,
      'model.safetensors',
    ]);
  });

  it('come from the folder 0_Transformer in older layouts', () => {
    const older = ['config.json', 'tokenizer.json', 'pytorch_model.bin'].map((name) => `0_Transformer/${name}`);
    const paths = ['config.json', 'modules.json', '1_Pooling/config.json', ...older];
    const choice = chooseHubFiles(paths.map(file));
    expect(choice.kind === 'files' && choice.files.map(({ path }) => path)).toEqual([
      '0_Transformer/config.json',
      '0_Transformer/tokenizer.json',
      'modules.json',
      '1_Pooling/config.json',
      '0_Transformer/pytorch_model.bin',
    ]);
  });

  it('name what a model lacks', () => {
    expect(chooseHubFiles([file('tokenizer.json')])).toEqual({ kind: 'missing', file: 'config.json' });
    expect(chooseHubFiles([file('config.json')])).toEqual({ kind: 'missing', file: 'tokenizer.json' });
    expect(chosen()).toEqual({ kind: 'missing', file: 'model.safetensors' });
    expect(
      chooseHubFiles([...basics, 'pytorch_model.bin'].map(file), { ...everything, weights: ['safetensors'] }),
    ).toEqual({ kind: 'unsupported', found: 'pytorch_model.bin' });
  });

  it('are requested at a commit, with encoded names', () => {
    const model = { id: 'a/b', revision: '' };
    expect(fileUrl({ ...model, host: hubHosts.huggingface }, file('1_Pooling/config.json'))).toBe(
      `https://huggingface.co/a/b/resolve/${commit}/1_Pooling/config.json`,
    );
    expect(fileUrl({ ...model, host: hubHosts.modelscope }, file('1_Pooling/config.json'))).toBe(
      `https://www.modelscope.cn/api/v1/models/a/b/repo?Revision=${commit}&FilePath=1_Pooling%2Fconfig.json`,
    );
  });
});

describe('a list of files', () => {
  const entry = { type: 'file', path: 'config.json', size: 3, oid: 'c'.repeat(40) };

  it('takes size and SHA-256 of a large file from its LFS entry', () => {
    const lfs = { oid: 'd'.repeat(64), size: 9 };
    expect(parseHubTree([{ ...entry, lfs }], commit)).toEqual([
      { path: 'config.json', bytes: 9, hash: { kind: 'sha256', hex: lfs.oid }, commit },
    ]);
  });

  it('leaves out paths outside the folder', () => {
    const hostile = ['../config.json', '/config.json', 'a\\b', 'C:/x', 'a//b'].map((path) => ({ ...entry, path }));
    expect(parseHubTree(hostile, commit)).toEqual([]);
  });

  it.each([
    [{}],
    [[null]],
    [[{ ...entry, size: -1 }]],
    [[{ ...entry, size: 1e300 }]],
    [[{ ...entry, oid: 'x' }]],
    [[{ ...entry, path: 7 }]],
    [[{ ...entry, lfs: { oid: 'short', size: 3 } }]],
  ])('is refused if the answer is %j', (answer) => expect(parseHubTree(answer, commit)).toBeNull());

  it('of ModelScope has the newest commit of its files', () => {
    const at = (Path: string, Revision: string, CommittedDate: number) => ({
      ...{ Type: 'blob', Path, Size: 1, Sha256: 'e'.repeat(64) },
      ...{ Revision: Revision.repeat(40), CommittedDate },
    });
    const answer = { Code: 200, Data: { Files: [at('a', '1', 5), at('b', '2', 9), at('c', '3', 7)] } };
    expect(parseModelScopeFiles(answer)?.commit).toBe('2'.repeat(40));
    expect(parseModelScopeFiles({ Code: 404 })).toBeNull();
  });
});
