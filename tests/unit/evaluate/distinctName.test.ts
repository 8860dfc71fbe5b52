import { expect, it } from 'vitest';
import type { ListedCandidate } from '../../../src/state/comparison.svelte';
import { distinctName } from '../../../src/ui/compare/candidateLabel';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';

const listed = (id: string, name: string) =>
  ({ id, fused: false, option: { candidate: { kind: 'base' }, name, run: null, ownBase: true } }) as ListedCandidate;

it('models of a comparison that share a name are told apart by their number in the table', () => {
  const shown = [listed('a', 'demo-zh'), listed('b', 'demo-zh'), listed('c', 'm3e-base')];
  const names = (dictionary: typeof en) => shown.map((one) => distinctName(dictionary, one, shown, 'en'));
  expect(names(en)).toEqual(['demo-zh (no. 1)', 'demo-zh (no. 2)', 'm3e-base']);
  expect(names(zh)).toEqual(['1 号 demo-zh', '2 号 demo-zh', 'm3e-base']);
});
