import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { root } from '../lib/source.mjs';

/**
 * Returns what happened to each mutant that counts, as Stryker does with `ignoreStatic`. A mutant that tests reach, but
 * that none of them ran with, because they are slow, is not run: it says nothing about the tests.
 */
export function outcomes(mutants, log) {
  const [killed, reached, run, loaded] = ['killed', 'reached', 'run', 'loaded'].map((kind) => log.of(kind));
  return mutants.flatMap((mutant) => {
    if (killed.has(mutant.id)) return [{ mutant, outcome: 'killed' }];
    if (reached.has(mutant.id)) return [{ mutant, outcome: run.has(mutant.id) ? 'survived' : 'not run' }];
    return loaded.has(mutant.id) ? [] : [{ mutant, outcome: 'not reached' }];
  });
}

/** Returns Wilson's 95% interval of a proportion, in percent. */
export function wilson(hits, count) {
  if (count === 0) return [0, 100];
  const [z, p] = [1.959964, hits / count];
  const middle = p + (z * z) / (2 * count);
  const half = z * Math.sqrt((p * (1 - p)) / count + (z * z) / (4 * count * count));
  return [middle - half, middle + half].map((end) => (100 * end) / (1 + (z * z) / count));
}

/** Returns a line with the score: the share of killed mutants among all but those that were not run. */
export function scoreLine(title, all) {
  const count = (outcome) => all.filter((one) => one.outcome === outcome).length;
  const scored = all.length - count('not run');
  const [low, high] = wilson(count('killed'), scored);
  const score = scored === 0 ? '    –' : ((100 * count('killed')) / scored).toFixed(1).padStart(5);
  const rest = `${count('killed')} killed, ${count('survived')} survived, ${count('not reached')} not reached`;
  const more = count('not run') > 0 ? `; ${count('not run')} more not run` : '';
  return `${score}% (${low.toFixed(1)}–${high.toFixed(1)}) of ${scored} mutants: ${rest}${more}  ${title}`;
}

/** Shows a mutant as the line that it changes, with what is replaced and by what. */
function survivorText({ mutant, outcome }) {
  const { start, end } = mutant.location;
  const lines = readFileSync(mutant.fileName, 'utf8')
    .split('\n')
    .slice(start.line, end.line + 1);
  const more = lines.length > 1 ? ` … (${lines.length} lines)` : '';
  const old = lines.length > 1 ? lines[0].slice(start.column) : lines[0].slice(start.column, end.column);
  const place = `${relative(root, mutant.fileName)}:${start.line + 1}`;
  const replacement = mutant.replacement.replaceAll(/\s*\n\s*/g, ' ');
  return `\n${place}  ${outcome}, ${mutant.mutatorName}\n  ${lines[0].trim()}\n- ${old}${more}\n+ ${replacement}\n`;
}

/** Returns the scores by file, and all mutants that no test noticed. */
export function report(mutants, log) {
  const all = outcomes(mutants, log);
  const names = [...new Set(all.map(({ mutant }) => mutant.fileName))].sort();
  const scores = names.map((name) =>
    scoreLine(
      relative(root, name),
      all.filter(({ mutant }) => mutant.fileName === name),
    ),
  );
  const notes = log.lines().flatMap(([kind, test, reason]) => {
    if (kind === 'left') return test.map((file) => `did not end, so not all of its tests were used: ${file}`);
    return kind === 'unused' ? [`not used: ${test}: ${reason}`] : [];
  });
  const left = all.filter(({ outcome }) => outcome !== 'killed').map(survivorText);
  return [...scores, ...notes, ...left, ''].join('\n');
}
