import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { EngineCandidate } from '../../src/domain/evaluate/candidate';
import type { MapProgress, MapView } from '../../src/protocol/mapApi';
import { listCandidates } from '../../workers/services/evaluate/listCandidates';
import { drawMap, keptMap } from '../../workers/services/evaluate/drawMap';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { prepared } from './smallRun';

async function given(passages: number, limits = { projected: 1000, passages: 1000 }) {
  const { db } = await prepared({}, { passages });
  const candidate = (await listCandidates(db, 'e'))[0]?.candidate as EngineCandidate;
  const seen: MapProgress['what'][] = [];
  const control = new RunControl();
  const request = { experimentId: 'e', candidate };
  const draw = (onProgress: (progress: MapProgress) => void = () => undefined) =>
    drawMap(request, {
      ...{ db, control, device: 'wasm', wasmBaseUrl: wasmBase, limits },
      progress: (progress) => {
        seen.push(progress.what);
        onProgress(progress);
      },
    });
  const kept = () => keptMap(request, { db, device: 'wasm', limits });
  return { db, draw, kept, seen, control };
}

const isFinite = (view: MapView): boolean => [...view.positions].every(Number.isFinite);

describe('the map of a knowledge base', () => {
  it('is computed once, on request only, and kept with the vectors', async () => {
    const { db, draw, kept, seen } = await given(40);
    expect(await kept()).toBeNull();
    const view = await draw();
    expect([view.passages.length, view.questions.length, view.projected, view.leftOut]).toEqual([40, 6, 46, 0]);
    expect([view.positions.length, isFinite(view)]).toEqual([92, true]);
    expect(await db.count('vectorSets')).toBe(3);
    const before = seen.length;
    expect(await kept()).toEqual(view);
    expect(await draw()).toEqual(view);
    expect(seen).toHaveLength(before);
  });

  it('places passages beyond the limit by their neighbours, and leaves out those beyond the second', async () => {
    const { draw } = await given(40, { projected: 30, passages: 35 });
    const view = await draw();
    expect([view.passages.length, view.projected, view.leftOut]).toEqual([35, 30, 5]);
    expect([view.positions.length, isFinite(view)]).toEqual([2 * (35 + 6), true]);
    expect(new Set(view.passages).size).toBe(35);
  });

  it('can be cancelled while it is laid out, and then keeps only the vectors', async () => {
    const { db, draw, control } = await given(40);
    const drawing = draw(({ what, of }) => {
      if (what === 'project' && of > 0) control.cancel();
    });
    await expect(drawing).rejects.toMatchObject({ details: { kind: 'cancelled' } });
    expect(await db.count('vectorSets')).toBe(2);
  });
});
