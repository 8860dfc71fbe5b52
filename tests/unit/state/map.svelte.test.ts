import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { MapRequest, MapView } from '../../../src/protocol/mapApi';
import { deviceJob } from '../../../src/state/deviceJob.svelte';

const optionOf = (letter: string, ownBase = false) => ({
  ...{ id: `base ${letter}`, name: letter, ownBase, run: null },
  candidate: { kind: 'base', contentSha256: letter },
});
const mapBy = (letter: string, key = letter): MapView => ({
  key,
  positions: Float32Array.from([0, 0, 1, 1]),
  passages: ['p'],
  questions: [{ id: 'q', text: 'Why?', topic: null }],
  ...{ projected: 2, leftOut: 0 },
});

/** Kept maps by model, and what the workers answer. */
const kept = new Map<string, MapView>();
let options: ReturnType<typeof optionOf>[] = [];
let compared: { id: string; results: unknown[] }[] = [];
let drawn: (request: MapRequest) => Promise<MapView>;
let textOf = (id: string): string => `text of ${id}`;
let beforeTexts: () => Promise<void> = () => Promise.resolve();
const letterOf = ({ candidate }: MapRequest) => ('contentSha256' in candidate ? String(candidate.contentSha256) : '');

vi.mock('../../../src/domain/evaluate/candidate', async (original) => ({
  ...(await original<object>()),
  isEngineCandidate: () => true,
  candidateId: ({ contentSha256 }: { contentSha256: string }) => `base ${contentSha256}`,
}));
vi.mock('../../../src/state/app.svelte', () => ({ app: { devicePreference: 'wasm' } }));
vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    data: () =>
      Promise.resolve({
        listCandidates: () => Promise.resolve(options),
        comparedPart: () => Promise.resolve({ models: compared }),
        comparedPassages: async (_: string, part: string, ids: string[]) => {
          await beforeTexts();
          return ids.map((id) => ({ id, text: textOf(id), part }));
        },
      }),
    gpu: () =>
      Promise.resolve({
        keptMap: (request: MapRequest) => {
          const view = kept.get(letterOf(request));
          return Promise.resolve(view ? { ...view } : null);
        },
        drawMap: (request: MapRequest) => drawn(request),
      }),
  },
}));
const { MapState } = await import('../../../src/state/map.svelte');

beforeEach(() => {
  kept.clear();
  options = [optionOf('a', true), optionOf('b')];
  compared = [];
  textOf = (id) => `text of ${id}`;
  beforeTexts = () => Promise.resolve();
  drawn = (request) => Promise.resolve(mapBy(letterOf(request)));
});

describe('the map of an experiment', () => {
  it('looks for a kept map without the device, so also during another job', async () => {
    kept.set('a', mapBy('a'));
    const map = new MapState('e');
    await deviceJob.during('run', async () => {
      const loading = map.load();
      expect(deviceJob.current).toBe('run');
      await loading;
    });
    expect([map.view?.key, map.error, map.unknown]).toEqual(['a', null, null]);
  });

  it('shows results of a comparison that followed the drawing', async () => {
    kept.set('a', mapBy('a'));
    const map = new MapState('e');
    await map.load();
    const { view } = map;
    expect(map.results.size).toBe(0);
    compared = [{ id: 'base a', results: [{ questionId: 'q', ranks: [1], top: [{ passageId: 'p' }] }] }];
    await map.load();
    expect([...map.results.keys()]).toEqual(['q']);
    expect(map.foundFrom(1)).toEqual([0]);
    expect(map.view).toBe(view);
  });

  it('drops a map and its texts when the data or the settings have changed, and keeps an unchanged one', async () => {
    kept.set('a', mapBy('a'));
    const map = new MapState('e');
    await map.load();
    await map.needTexts(['p']);
    await map.load();
    expect(map.texts.get('p')).toBe('text of p');
    kept.clear();
    await map.load();
    expect([map.view, map.texts.size, map.looked]).toEqual([null, 0, true]);
  });

  it('shows another model when the chosen one is gone', async () => {
    kept.set('b', mapBy('b'));
    const map = new MapState('e');
    await map.load();
    await map.choose('base b');
    expect(map.view?.key).toBe('b');
    options = [optionOf('a', true)];
    await map.load();
    expect([map.chosen, map.view]).toEqual(['base a', null]);
  });

  it('does not claim that there is no map before it has looked, nor if looking fails', async () => {
    const map = new MapState('e');
    options = [optionOf('a', true)];
    const loading = map.load();
    expect(map.looked).toBe(false);
    await loading;
    expect(map.looked).toBe(true);
    compared = undefined as never;
    await map.load();
    expect([map.looked, map.unknown?.kind]).toEqual([false, 'unexpected']);
    compared = [];
    await map.load();
    expect([map.looked, map.unknown]).toEqual([true, null]);
  });

  it('does not show a drawn map under the name of another model', async () => {
    let finish: (view: MapView) => void = () => undefined;
    drawn = () => new Promise((resolve) => (finish = resolve));
    const map = new MapState('e');
    await map.load();
    await map.choose('base b');
    const drawing = map.draw();
    await vi.waitFor(() => expect(deviceJob.current).toBe('map'));
    options = [optionOf('a', true)];
    await map.load();
    finish(mapBy('b'));
    await drawing;
    expect([map.chosen, map.view, map.running]).toEqual(['base a', null, false]);
  });

  it('shows what it has drawn, and keeps the reason of a failure until the next try', async () => {
    const map = new MapState('e');
    await map.load();
    drawn = () => Promise.reject(new Error('broken'));
    await map.draw();
    expect([map.error?.kind, map.looked]).toEqual(['unexpected', true]);
    drawn = (request) => {
      kept.set('a', mapBy(letterOf(request)));
      return Promise.resolve(mapBy('a'));
    };
    await map.draw();
    expect([map.error, map.view?.key]).toEqual([null, 'a']);
  });

  it('drops texts of earlier data that arrive late', async () => {
    kept.set('a', mapBy('a'));
    const map = new MapState('e');
    await map.load();
    const asked: (() => void)[] = [];
    beforeTexts = () => new Promise((resolve) => asked.push(resolve));
    const asking = map.needTexts(['p']);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    kept.set('a', mapBy('a', 'later'));
    await map.load();
    asked.forEach((arrive) => arrive());
    await asking;
    expect([map.view?.key, map.texts.size]).toEqual(['later', 0]);
  });
});
