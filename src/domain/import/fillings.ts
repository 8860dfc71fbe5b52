import type { FileContent } from './fileContent';
import { sideOf, sideOfName, type Side } from './judgements';
import { slotNames, type SlotName } from './slots';

/** A slot that some of the files can fill. */
export interface Filling {
  slot: SlotName;
  /** Positions of the files to import together. */
  files: number[];
  /** Columns of ids under names that the import does not know, by position of the file. */
  idColumns?: Readonly<Record<number, string>>;
  /** Number of passages, questions or pairs found. The import may leave some out, and reports which. */
  rows: number;
  /** Whether to fill the slot unless the user decides otherwise. False if the file's name suggests another slot. */
  suggested: boolean;
}

/** Why a file fits no slot. */
type UnusedReason = 'no-slot' | 'no-judgements' | 'no-questions' | 'no-side';

export interface Fillings {
  fillings: Filling[];
  unused: { file: number; reason: UnusedReason }[];
}

type Part = 'train' | 'dev' | 'test';
const partWords: Record<Part, RegExp> = {
  train: /^(?:train|training)$|训练/,
  dev: /^(?:dev|val|valid|validation)$|验证/,
  test: /^test$|测试/,
};
const slotOfPart: Record<Part, SlotName> = { train: 'pairs', dev: 'devQuestions', test: 'testQuestions' };

/** Returns the part (train, dev or test) that a file's name suggests, as in `qrels/dev.tsv` or `train-pairs.jsonl`. */
function partOfName(path: string): Part | null {
  const base = /[^/\\]*$/.exec(path)?.[0] ?? path;
  const words = base.toLowerCase().split(/[\s._-]+/);
  const parts = Object.entries(partWords) as [Part, RegExp][];
  return parts.find(([, pattern]) => words.some((word) => pattern.test(word)))?.[0] ?? null;
}

class Collected {
  readonly #bySlot = new Map<SlotName, Filling>();

  add(slot: SlotName, files: readonly number[], rows: number, suggested = true): void {
    if (rows === 0) return;
    const known = this.#bySlot.get(slot);
    this.#bySlot.set(slot, {
      slot,
      files: [...new Set([...(known?.files ?? []), ...files])],
      rows: (known?.rows ?? 0) + rows,
      suggested: suggested || (known?.suggested ?? false),
    });
  }

  /** Returns the fillings in the order in which they must be imported: pairs and questions refer to passages. */
  get fillings(): Filling[] {
    return slotNames.flatMap((slot) => this.#bySlot.get(slot) ?? []);
  }
}

/** A bundle has content for three slots; the name of the file may say that it is meant for fewer. */
function addBundle({ path, sections }: FileContent, file: number, collected: Collected): void {
  const part = partOfName(path);
  collected.add('knowledgeBase', [file], sections.passages);
  collected.add(part === 'dev' ? 'devQuestions' : 'testQuestions', [file], sections.questions, part !== 'train');
  collected.add('pairs', [file], sections.pairs, part === null || part === 'train');
}

/**
 * Adds a file that does not depend on others, by its kind and name. Returns why it fits no slot, or null if it fits
 * one.
 */
function addSingle({ path, kind, rows }: FileContent, file: number, collected: Collected): UnusedReason | null {
  const part = partOfName(path);
  switch (kind) {
    case 'pairs':
      collected.add(slotOfPart[part ?? 'train'], [file], rows);
      return null;
    case 'questions':
      collected.add(slotOfPart[part ?? 'test'], [file], rows);
      return null;
    case 'texts':
      if (sideOfName(path) === 'questions') return 'no-judgements';
      collected.add('knowledgeBase', [file], rows);
      return null;
    default:
      return 'no-slot';
  }
}

const common = (ids: ReadonlySet<string>, judged: { has: (id: string) => boolean }): number =>
  [...ids].reduce((count, id) => count + (judged.has(id) ? 1 : 0), 0);

/** Returns all items of the lists. */
function union(lists: readonly Iterable<string>[]): ReadonlySet<string> {
  const all = new Set<string>();
  for (const list of lists) for (const item of list) all.add(item);
  return all;
}

/**
 * Returns the files. A file of questions gets the kind `questions` if one of its columns holds ids of another file's
 * passages, whatever both columns are called. Its questions could not be used otherwise.
 */
function withFoundReferences(files: readonly FileContent[]): FileContent[] {
  return files.map((file) => {
    const asksInName = file.kind === 'texts' && sideOfName(file.path) === 'questions';
    if (!asksInName && !(file.kind === 'other' && file.asks)) return file;
    const others = files.filter((other) => other !== file && other.kind === 'texts');
    const named = union(others.map(({ passageIds }) => passageIds));
    const unnamed = others.flatMap(({ values, rows }) => values.distinct(rows));
    const column = [named, ...unnamed].map((ids) => file.values.columnOfIds(ids)).find((found) => found !== null);
    return column === undefined || column === null
      ? file
      : { ...file, kind: 'questions', references: file.values.of(column) };
  });
}

/** Returns the columns of passage ids under unknown names, found by the ids that questions or judgements refer to. */
function foundIdColumns(files: readonly FileContent[], positions: readonly number[]): Record<number, string> {
  const references = union(files.flatMap((file) => [file.references, file.judgedPassages]));
  const found: Record<number, string> = {};
  for (const position of references.size > 0 ? positions : []) {
    const file = files[position];
    if (file?.kind !== 'texts' || common(file.passageIds, references) > 0) continue;
    const column = file.values.columnWithIds(references);
    if (column !== null) found[position] = column;
  }
  return found;
}

/** Returns for each file which side of the judgements it holds, questions or passages, or null if neither. */
function sidesOf(files: readonly FileContent[]): (Side | null)[] {
  const judgements = files.filter(({ kind }) => kind === 'judgements');
  if (judgements.length === 0) return files.map(() => null);
  const question = { has: (id: string) => judgements.some(({ judged }) => judged.has(id)) };
  const passage = { has: (id: string) => judgements.some(({ judgedPassages }) => judgedPassages.has(id)) };
  const questions = union(judgements.map(({ judged }) => judged.keys()));
  const passages = union(judgements.map(({ judgedPassages }) => judgedPassages));
  return files.map(({ path, kind, asks, titled, passageIds, questionIds, values }) => {
    if (kind !== 'texts' && kind !== 'questions' && !asks) return null;
    let [asQuestions, asPassages] = [common(questionIds, question), common(passageIds, passage)];
    // Look for ids under unknown names, as the import does.
    if (asQuestions === 0 && asPassages === 0) {
      asQuestions = common(values.of(values.columnWithIds(questions) ?? ''), question);
      asPassages = common(values.of(values.columnWithIds(passages) ?? ''), passage);
    }
    return sideOf({ name: path, titled, asQuestions, asPassages });
  });
}

/** Adds a file of judgements with the files of its questions. */
function addJudgements(
  { path, judged }: FileContent,
  file: number,
  questions: ReadonlyMap<number, FileContent>,
  collected: Collected,
): UnusedReason | null {
  const slot = slotOfPart[partOfName(path) ?? 'test'];
  const judgedQuestions = union([judged.keys()]);
  const asked = union(
    [...questions.values()].flatMap(({ questionIds, values }) => [
      questionIds,
      values.of(values.columnWithIds(judgedQuestions) ?? ''),
    ]),
  );
  const found = [...judged].filter(([id]) => asked.has(id));
  if (found.length === 0) return 'no-questions';
  const rows = slot === 'pairs' ? found.reduce((sum, [, passages]) => sum + passages, 0) : found.length;
  collected.add(slot, [...questions.keys(), file], rows);
  return null;
}

/**
 * Returns the slots for which files imported together have content. If judgements (qrels) are among them, their ids
 * tell whether a file of texts holds questions or passages. The name of a judgement file tells which questions it
 * judges.
 */
export function fillingsOf(contents: readonly FileContent[]): Fillings {
  const files = contents.some(({ kind }) => kind === 'judgements') ? contents : withFoundReferences(contents);
  const collected = new Collected();
  const unused: Fillings['unused'] = [];
  const sides = sidesOf(files);
  const questions = new Map([...files.entries()].filter(([index]) => sides[index] === 'questions'));
  for (const [index, file] of files.entries()) {
    const side = sides[index];
    let reason: UnusedReason | null = null;
    if (file.kind === 'bundle') addBundle(file, index, collected);
    else if (file.kind === 'judgements') reason = addJudgements(file, index, questions, collected);
    else if (side === 'passages') collected.add('knowledgeBase', [index], file.rows);
    else if (side === null) reason = addSingle(file, index, collected);
    if (reason !== null) unused.push({ file: index, reason });
  }
  const used = new Set(collected.fillings.flatMap(({ files: positions }) => positions));
  for (const index of files.keys())
    if (!used.has(index) && !unused.some(({ file }) => file === index)) unused.push({ file: index, reason: 'no-side' });
  const fillings = collected.fillings.map((filling): Filling => {
    const idColumns = filling.slot === 'knowledgeBase' ? foundIdColumns(files, filling.files) : {};
    return Object.keys(idColumns).length > 0 ? { ...filling, idColumns } : filling;
  });
  return { fillings, unused };
}

/** Whether pairs and evaluation questions would come from the same files. Such pairs cannot be trained on. */
export function sharesQuestions(fillings: readonly Filling[]): boolean {
  const filesOf = (slot: SlotName): string | undefined => fillings.find((one) => one.slot === slot)?.files.join();
  const pairs = filesOf('pairs');
  return pairs !== undefined && [filesOf('devQuestions'), filesOf('testQuestions')].includes(pairs);
}

/**
 * Returns the fillings for files dropped on one slot. If their questions fit only another slot, the dropped-on slot is
 * offered too, because the user decides where questions belong.
 */
export function fillingsForSlot(fillings: readonly Filling[], slot: SlotName): Filling[] {
  const questions = (['testQuestions', 'devQuestions', 'pairs'] as const)
    .map((name) => fillings.find((one) => one.slot === name))
    .find((one) => one !== undefined);
  if (slot === 'knowledgeBase' || !questions || fillings.some((one) => one.slot === slot))
    return fillings.map((one) => (one.slot === slot ? { ...one, suggested: true } : one));
  const isSame = (one: Filling): boolean => one.slot !== 'knowledgeBase' && one.files.join() === questions.files.join();
  const others = fillings.map((one) => (isSame(one) ? { ...one, suggested: false } : one));
  const all = [...others, { ...questions, slot, suggested: true }];
  return slotNames.flatMap((name) => all.find((one) => one.slot === name) ?? []);
}
