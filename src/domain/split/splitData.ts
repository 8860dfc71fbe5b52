import type { Experiment } from '../experiment';
import { RandomStream, permutation } from '../random';
import type { Pair, Passage, Question } from '../records';
import { passageLookup, resolveRelevant } from './relevant';

export interface SplitInput {
  experiment: Pick<Experiment, 'seed' | 'split' | 'stages'>;
  pairs: readonly Pair[];
  knowledgeBase: readonly Passage[];
  /** If there are none, a share of the pairs is held out as dev. */
  devQuestions?: readonly Question[];
  /** Never made from pairs: a test on data that training could have seen proves nothing. */
  testQuestions?: readonly Question[];
}

export interface Split {
  /** Rows of `pairs` used for training, ascending. */
  trainRows: number[];
  dev: Question[];
  test: Question[];
  /** Positives of held-out pairs that are missing from the knowledge base. They are searched together with it. */
  extraPassages: Passage[];
  /** Pairs with the same question as a dev or test question. Training skips them, unless the batch order is listed. */
  leaks: number;
}

/**
 * Splits the data into train, dev and test, which share no question. Equal input and seed give equal parts. A listed
 * batch order names its training rows, so with one no pair is held out or skipped; leaks are still counted.
 */
export function splitData(input: SplitInput): Split {
  const lookup = passageLookup(input.knowledgeBase);
  const test = resolveRelevant(input.testQuestions ?? [], lookup).kept;
  const givenDev = resolveRelevant(input.devQuestions ?? [], lookup).kept;
  const asked = new Set([...test, ...givenDev].map((question) => question.text.trim()));
  const free: number[] = [];
  input.pairs.forEach((pair, row) => {
    if (!asked.has(pair.anchor.trim())) free.push(row);
  });
  const leaks = input.pairs.length - free.length;
  if (input.experiment.stages.some((stage) => stage.batching.kind === 'listed'))
    return { trainRows: [...input.pairs.keys()], dev: givenDev, test, extraPassages: [], leaks };
  if (givenDev.length > 0) return { trainRows: free, dev: givenDev, test, extraPassages: [], leaks };
  const held = heldOutGroups(input, free);
  const heldRows = new Set(held.flat());
  const { dev, extraPassages } = questionsOf(held, input.pairs, lookup);
  return { trainRows: free.filter((row) => !heldRows.has(row)), dev, test, extraPassages, leaks };
}

/**
 * Returns the held-out rows, grouped by anchor. All pairs of one question are held out together; otherwise training
 * would see its answer.
 */
function heldOutGroups({ experiment, pairs }: SplitInput, free: readonly number[]): number[][] {
  const { devFraction, devMaximum } = experiment.split;
  const wanted = Math.min(devMaximum, Math.floor(devFraction * free.length + 1e-9));
  const byAnchor = new Map<string, number[]>();
  for (const row of free) {
    const anchor = pairs[row]?.anchor.trim() ?? '';
    const group = byAnchor.get(anchor);
    if (group) group.push(row);
    else byAnchor.set(anchor, [row]);
  }
  const groups = [...byAnchor.values()];
  const held: number[][] = [];
  let rows = 0;
  for (const index of permutation(groups.length, new RandomStream(experiment.seed, 'devSplit'))) {
    const group = groups[index] ?? [];
    if (rows + group.length > wanted) continue;
    held.push(group);
    rows += group.length;
    if (rows === wanted) break;
  }
  // Restore file order, so that the list of dev questions reads like the file.
  return held.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}

function questionsOf(
  held: readonly number[][],
  pairs: readonly Pair[],
  lookup: ReturnType<typeof passageLookup>,
): Pick<Split, 'dev' | 'extraPassages'> {
  const extraPassages: Passage[] = [];
  const extraIds = new Map<string, string>();
  const passageIdOf = (pair: Pair): string => {
    const text = pair.positive.trim();
    const known = lookup.idOfText.get(text) ?? extraIds.get(text);
    if (known !== undefined) return known;
    const id = unusedId(`extra:${pair.id}`, lookup.textOf);
    extraIds.set(text, id);
    extraPassages.push({ id, text: pair.positive });
    return id;
  };
  const dev = held.map((rows): Question => {
    const group = rows.flatMap((row) => pairs[row] ?? []);
    const first = group[0];
    return { id: `dev:${first?.id ?? ''}`, text: first?.anchor ?? '', relevant: [...new Set(group.map(passageIdOf))] };
  });
  return { dev, extraPassages };
}

function unusedId(wanted: string, used: ReadonlyMap<string, string>): string {
  let id = wanted;
  while (used.has(id)) id += '+';
  return id;
}
