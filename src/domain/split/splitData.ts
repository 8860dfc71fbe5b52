import type { Experiment } from '../experiment';
import { RandomStream, permutation } from '../random';
import type { Pair, Passage, Question, ScoredPair } from '../records';
import { OverlapFinder, type Overlap } from './overlap';
import { questionKey } from './questionKey';
import { hasListedBatches } from '../train/batchList';
import { resolveRelevant } from './relevant';
import { passageLookup } from './passageLookup';

interface SplitInput {
  experiment: Pick<Experiment, 'seed' | 'split' | 'stages'>;
  pairs: readonly Pair[];
  knowledgeBase: readonly Passage[];
  /** Dev questions. If there are none, a share of the pairs is held out as dev. */
  devQuestions?: readonly Question[];
  /** Never made from pairs: a test on data that training could have seen proves nothing. */
  testQuestions?: readonly Question[];
  /** Whether the model's tokenizer folds case. Then texts that differ only in case are one question. */
  foldCase?: boolean;
}

export interface Split {
  /** Rows of `pairs` used for training, ascending. */
  trainRows: number[];
  dev: Question[];
  test: Question[];
  /** Questions of dev and test that the knowledge base has no answer to. Only score thresholds use them. */
  unanswered: { dev: Question[]; test: Question[] };
  /** Positives of held-out pairs that are missing from the knowledge base. They are searched together with it. */
  extraPassages: Passage[];
  /** Pairs with the same question as a dev or test question. Training skips them, unless the batch order is listed. */
  leaks: Overlap[];
  /** Dev questions left out because test has them too: they would choose the checkpoint on test. */
  devInTest: Overlap[];
}

/**
 * Splits the data into train, dev and test. No question is in two parts, compared by `questionKey`: test keeps all of
 * its questions, dev loses those of test, and train loses those of both. Equal input and seed give equal parts. With a
 * listed batch order no pair is held out or skipped; leaks are still counted.
 */
export function splitData(input: SplitInput): Split {
  const { pairs, foldCase = false } = input;
  const lookup = passageLookup(input.knowledgeBase);
  const { kept: test, unanswered: unansweredTest } = resolveRelevant(input.testQuestions ?? [], lookup);
  const { kept: givenDev, unanswered: unansweredDev } = resolveRelevant(input.devQuestions ?? [], lookup);
  const asked = new OverlapFinder(foldCase);
  asked.add([...test, ...unansweredTest], 'test');
  const allDev = [...givenDev, ...unansweredDev];
  const { free: freeDev, overlaps: devInTest } = withoutAsked(allDev, 'dev', asked);
  const ownDev = freeDev.flatMap((index) => allDev[index] ?? []);
  const [dev, devUnanswered] = [ownDev.filter(hasAnswer), ownDev.filter((question) => !hasAnswer(question))];
  asked.add(ownDev, 'dev');
  const anchors = pairs.map((pair) => ({ text: pair.anchor }));
  const { free, overlaps: leaks } = withoutAsked(anchors, 'train', asked);
  const unanswered = { dev: devUnanswered, test: unansweredTest };
  const given = { dev, test, unanswered, extraPassages: [], leaks, devInTest };
  if (hasListedBatches(input.experiment)) return { ...given, trainRows: [...pairs.keys()] };
  if (givenDev.length > 0) return { ...given, trainRows: free };
  const held = heldOutGroups(input, free);
  const heldRows = new Set(held.flat());
  return { ...given, ...questionsOf(held, pairs, lookup), trainRows: free.filter((row) => !heldRows.has(row)) };
}

const hasAnswer = ({ relevant }: Question): boolean => relevant.length > 0;

/** Returns the positions of the texts that repeat no question in `asked`, and the overlaps of the others. */
function withoutAsked(
  items: readonly { text: string }[],
  from: Overlap['from'],
  asked: OverlapFinder,
): { free: number[]; overlaps: Overlap[] } {
  const free: number[] = [];
  const overlaps: Overlap[] = [];
  items.forEach(({ text }, row) => {
    const found = asked.overlapOf(text);
    if (found) overlaps.push({ ...found, from, row, text });
    else free.push(row);
  });
  return { free, overlaps };
}

/**
 * Returns the scored pairs that repeat no dev or test question, held-out and unanswered questions included, and the
 * overlaps of the others. Either sentence of a pair may repeat a question.
 */
export function scoredLeaksOf(
  scoredPairs: readonly ScoredPair[],
  { dev, test, unanswered }: Pick<Split, 'dev' | 'test' | 'unanswered'>,
  foldCase: boolean,
): { free: number[]; overlaps: Overlap[] } {
  const asked = new OverlapFinder(foldCase);
  asked.add([...test, ...unanswered.test], 'test');
  asked.add([...dev, ...unanswered.dev], 'dev');
  const first = withoutAsked(
    scoredPairs.map(({ sentence1 }) => ({ text: sentence1 })),
    'scored',
    asked,
  );
  const second = withoutAsked(
    scoredPairs.map(({ sentence2 }) => ({ text: sentence2 })),
    'scored',
    asked,
  );
  const free = new Set(second.free);
  const leaking = new Set(first.overlaps.map(({ row }) => row));
  return {
    free: first.free.filter((row) => free.has(row)),
    overlaps: [...first.overlaps, ...second.overlaps.filter(({ row }) => !leaking.has(row))],
  };
}

/** Returns the rows whose positive is not a passage of the knowledge base. */
export function rowsWithoutPassage(
  rows: readonly number[],
  pairs: readonly Pair[],
  knowledgeBase: readonly Passage[],
): number[] {
  const { idOfText } = passageLookup(knowledgeBase);
  return rows.filter((row) => !idOfText.has(pairs[row]?.positive.trim() ?? ''));
}

/**
 * Returns the held-out rows, grouped by question. All pairs of one question are held out together; otherwise training
 * would see its answer.
 */
function heldOutGroups({ experiment, pairs, foldCase = false }: SplitInput, free: readonly number[]): number[][] {
  const { devFraction, devMaximum } = experiment.split;
  const wanted = Math.min(devMaximum, Math.floor(devFraction * free.length + 1e-9));
  const byQuestion = new Map<string, number[]>();
  for (const row of free) {
    const key = questionKey(pairs[row]?.anchor ?? '', foldCase);
    const group = byQuestion.get(key);
    if (group) group.push(row);
    else byQuestion.set(key, [row]);
  }
  const groups = [...byQuestion.values()];
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
