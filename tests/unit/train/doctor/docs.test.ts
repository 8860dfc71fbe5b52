import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { doctorTexts } from '../../../../src/ui/i18n/en/doctor';

it('docs/experiment.md lists every kind of finding, and no other', () => {
  const docs = readFileSync('docs/experiment.md', 'utf8');
  const [, section = ''] = docs.split('### Checks before a run');
  const [table = ''] = section.split('Pooling and prefixes are known');
  const listed = table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, kind]) => kind));
  expect(listed.filter((kind) => kind !== 'kind').sort()).toEqual(Object.keys(doctorTexts.findings).sort());
});
