import { describe, expect, it } from 'vitest';
import { formatRoute, parseRoute, type Route } from '../../../src/state/routes';

describe('routes', () => {
  it.each<Route>([
    { name: 'home' },
    { name: 'settings' },
    { name: 'benchmark' },
    { name: 'headless' },
    { name: 'link', payload: 'AbC-_9' },
    { name: 'experiment', experimentId: 'a/b c', stage: 'evaluate' },
  ])('come back from the hash as they went in: $name', (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it('lead home from what is unknown, and to import from an unknown stage', () => {
    expect(parseRoute('')).toEqual({ name: 'home' });
    expect(parseRoute('#/nowhere/at/all')).toEqual({ name: 'home' });
    expect(parseRoute('#/experiment/e1/fly')).toEqual({ name: 'experiment', experimentId: 'e1', stage: 'import' });
  });

  it('survive a broken escape', () => {
    expect(parseRoute('#/experiment/%E0%A4%A/train')).toEqual({ name: 'experiment', experimentId: '', stage: 'train' });
  });
});
