import { describe, expect, it } from 'vitest';
import {
  commitUrl,
  downloadIdOf,
  filesUrl,
  hostLabel,
  hubError,
  hubHosts,
  hubLocation,
  isRevision,
  listingBytes,
  parseHost,
  parseHostAddress,
  type HubFile,
  type HubModelId,
} from '../../../src/domain/import/hub';
import { parseHubCommit, parseHubTree, parseModelScopeFiles } from '../../../src/domain/import/hubAnswers';
import { storageEstimate, storageNeeded } from '../../../src/domain/import/storageNeeded';

const commit = 'a'.repeat(40);
const file = (path: string, bytes = 1): HubFile => ({ path, bytes, hash: { kind: 'sha256', hex: '' }, commit });
const own = { protocol: 'huggingface', baseUrl: 'http://127.0.0.1:8080/hub/' } as const;

describe('a host', () => {
  it('is written without its protocol and the last slash', () => {
    expect(hostLabel(own)).toBe('127.0.0.1:8080/hub');
    expect(hostLabel({ ...own, baseUrl: 'https://x.example/http://y/' })).toBe('x.example/http://y');
  });

  it('is read with white space around it, in lower case, and speaks the protocol of Hugging Face', () => {
    expect(parseHostAddress(' https://Models.Example.org:81/a ')).toEqual({
      protocol: 'huggingface',
      baseUrl: 'https://models.example.org:81/a/',
    });
    expect(parseHost(' modelscope\n')).toEqual(hubHosts.modelscope);
    expect(parseHost('https://x/./y')).toBeNull();
  });

  it('is named in every error about it', () => {
    expect(hubError(own, 'refused', { status: 500 }).details).toEqual({
      kind: 'hub-failed',
      fault: 'refused',
      host: '127.0.0.1:8080/hub',
      status: 500,
    });
  });
});

describe('a revision', () => {
  it.each(['main', 'v1.5', 'refs/pr/3', commit])('can be %s', (text) => expect(isRevision(text)).toBe(true));
  it.each(['', '../main', 'a..b', 'a b', '-x', `m${'x'.repeat(200)}`])('cannot be "%s"', (text) =>
    expect(isRevision(text)).toBe(false),
  );
});

describe('the addresses of a model', () => {
  const model = (host: HubModelId['host'], revision: string): HubModelId => ({ host, id: 'a/b', revision });

  it('on a Hugging Face host are those of a revision, which is the main branch if none is given', () => {
    const { huggingface } = hubHosts;
    expect(commitUrl(model(huggingface, ''))).toBe('https://huggingface.co/api/models/a/b/revision/main');
    expect(commitUrl(model(own, 'refs/pr/3'))).toBe('http://127.0.0.1:8080/hub/api/models/a/b/revision/refs%2Fpr%2F3');
    expect(filesUrl(model(huggingface, 'v1'), commit)).toBe(
      `https://huggingface.co/api/models/a/b/tree/${commit}?recursive=true`,
    );
  });

  it('on ModelScope list the files of a revision, which is the master branch if none is given', () => {
    const files = 'https://www.modelscope.cn/api/v1/models/a/b/repo/files';
    const url = (revision: string) => filesUrl(model(hubHosts.modelscope, revision), '');
    expect(url('')).toBe(`${files}?Revision=master&Recursive=true`);
    expect(url('v1/x')).toBe(`${files}?Revision=v1%2Fx&Recursive=true`);
  });

  it('identify a download by host, model and commit, whatever revision was asked for', () => {
    const listing = { ...model(own, 'v1'), commit, files: [] };
    expect(downloadIdOf(listing)).toBe(`http://127.0.0.1:8080/hub/ a/b@${commit}`);
    expect(downloadIdOf({ ...listing, revision: '' })).toBe(downloadIdOf(listing));
    expect(downloadIdOf({ ...listing, commit: 'c' })).not.toBe(downloadIdOf(listing));
  });

  it('can be written into an experiment file only for Hugging Face and its mirror', () => {
    for (const host of ['huggingface.co', 'hf-mirror.com'])
      expect(hubLocation({ host, id: 'a/b', commit })).toBe(`hub:a/b@${commit}`);
    expect(hubLocation({ host: 'www.modelscope.cn', id: 'a/b', commit })).toBeNull();
    expect(hubLocation({ host: 'huggingface.co', id: '../b', commit })).toBeNull();
  });
});

describe('the room that a model from a hub needs', () => {
  const listing = { files: [file('a', 10), file('b', 30), file('c', 5)] };

  it('is that of its files or of its stored form, plus that of the largest file', () => {
    expect(listingBytes(listing)).toBe(45);
    expect(storageNeeded(listing, 20)).toBe(45 + 30);
    expect(storageNeeded(listing, 100)).toBe(100 + 30);
    expect(storageNeeded({ files: [] }, 7)).toBe(7);
  });

  it('doubles with its stored form if the weights are in half precision', () => {
    expect(storageEstimate(listing)).toEqual({ float32: 75, half: 120 });
  });
});

describe('the answer of a Hugging Face host', () => {
  const entry = { type: 'file', path: 'config.json', size: 3, oid: 'C'.repeat(40) };
  const tree = (changes: object) => parseHubTree([{ ...entry, ...changes }], commit);

  it('names the commit of a revision', () => {
    expect(parseHubCommit({ sha: 'B'.repeat(40) })).toBe('b'.repeat(40));
    for (const answer of [null, [], {}, { sha: 7 }, { sha: 'b'.repeat(39) }, { sha: `${'b'.repeat(39)}x` }])
      expect(parseHubCommit(answer)).toBeNull();
    expect(parseHubCommit({ sha: `x${'b'.repeat(39)}` })).toBeNull();
  });

  it('lists files with git’s hash of a small one, and skips folders', () => {
    const hash = { kind: 'gitSha1', hex: 'c'.repeat(40) };
    expect(parseHubTree([{ type: 'directory', path: 'x' }, entry], commit)).toEqual([
      { path: 'config.json', bytes: 3, hash, commit },
    ]);
  });

  it('is believed for sizes from nothing up to 1 TiB', () => {
    expect([tree({ size: 0 })?.[0]?.bytes, tree({ size: 2 ** 40 })?.[0]?.bytes]).toEqual([0, 2 ** 40]);
    for (const size of [2 ** 40 + 1, 1.5, '3', undefined]) expect(tree({ size })).toBeNull();
  });

  it.each(['.', './a', 'a/./b', 'a/../b', 'a\u0000b', 'a:b', 'a/'])('leaves out the path "%s"', (path) => {
    expect(tree({ path })).toEqual([]);
  });
});

describe('the answer of ModelScope', () => {
  const entry = {
    Type: 'blob',
    Path: 'a',
    Size: 1,
    Sha256: 'E'.repeat(64),
    Revision: 'F'.repeat(40),
    CommittedDate: 1,
  };
  const answer = (...changes: object[]) =>
    parseModelScopeFiles({ Data: { Files: changes.map((change) => ({ ...entry, ...change })) } });

  it('lists files with their hash and commit, and skips folders', () => {
    expect(answer({}, { Type: 'tree', Sha256: '' })).toEqual({
      commit: 'f'.repeat(40),
      files: [{ path: 'a', bytes: 1, hash: { kind: 'sha256', hex: 'e'.repeat(64) }, commit: 'f'.repeat(40) }],
    });
    expect(answer()).toEqual({ commit: '', files: [] });
  });

  it.each([{ Path: 7 }, { Size: -1 }, { Sha256: 'e' }, { Sha256: null }, { Revision: 'f' }, { Revision: null }])(
    'is refused with %j',
    (change) => expect(answer({}, change)).toBeNull(),
  );

  it('is refused if an entry is not an object', () => {
    expect(parseModelScopeFiles({ Data: { Files: [null] } })).toBeNull();
    expect(parseModelScopeFiles({ Data: [] })).toBeNull();
  });

  it('leaves out paths that leave the folder, and counts a file without a date as the oldest', () => {
    expect(answer({ Path: '../a' })?.files).toEqual([]);
    const [early, late] = ['1'.repeat(40), '2'.repeat(40)];
    expect(answer({ Revision: early, CommittedDate: 'x' }, { Revision: late })?.commit).toBe(late);
    expect(answer({ Revision: late }, { Revision: early, CommittedDate: 'x' })?.commit).toBe(late);
    expect(answer({ Revision: early }, { Revision: late })?.commit).toBe(early);
  });
});
