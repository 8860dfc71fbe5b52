import { describe, expect, it } from 'vitest';
import { formatRoute, parseRoute, type Route } from '../../../src/state/routes';

describe('routes', () => {
  it.each<Route>([
    { name: 'home' },
    { name: 'settings' },
    { name: 'storage' },
    { name: 'benchmark' },
    { name: 'headless' },
    { name: 'link', payload: 'AbC-_9' },
    { name: 'experiment', experimentId: 'a/b c', stage: 'evaluate' },
    { name: 'compare', experimentId: 'a/b c' },
    { name: 'scores', experimentId: 'a/b c' },
    { name: 'try', experimentId: 'a/b c' },
    { name: 'try', experimentId: null },
  ])('stay the same when formatted as a hash and parsed again: $name', (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it('fall back to home for an unknown hash and to import for an unknown stage', () => {
    expect(parseRoute('')).toEqual({ name: 'home' });
    expect(parseRoute('#/nowhere/at/all')).toEqual({ name: 'home' });
    expect(parseRoute('#/compare')).toEqual({ name: 'home' });
    expect(parseRoute('#/experiment/e1/fly')).toEqual({ name: 'experiment', experimentId: 'e1', stage: 'import' });
  });

  it('survive a broken percent escape', () => {
    expect(parseRoute('#/experiment/%E0%A4%A/train')).toEqual({ name: 'experiment', experimentId: '', stage: 'train' });
  });
});
