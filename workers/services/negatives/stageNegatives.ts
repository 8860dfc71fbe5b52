import { canonicalJson } from '../../../src/domain/canonicalJson';
import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import { sha256Hasher, sha256OfTexts } from '../../../src/domain/hash';
import { abovePositive } from '../../../src/domain/negatives/abovePositive';
import { AnswerIndex } from '../../../src/domain/negatives/answerIndex';
import { chooseNegatives, type ChosenNegatives } from '../../../src/domain/negatives/chooseNegatives';
import { importedPool } from '../../../src/domain/negatives/importedPool';
import { JudgedPairs } from '../../../src/domain/negatives/judgedPairs';
import type { NegativesReport } from '../../../src/domain/negatives/report';
import { withoutDropped } from '../../../src/domain/negatives/withoutDropped';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { Negatives } from '../../../src/domain/train/negativesSchema';
import type { Database } from '../../../src/storage/database';
import { getMinedNegatives } from '../../../src/storage/minedNegatives';
import type { PreparedData } from '../split/preparedData';
import { modelFoldsCase } from '../tokenize/letterCase';
import type { RunTokens } from '../train/runTokens';
import { minedKey } from './minedKey';

/** The explicit negatives of a stage, and the texts from which they are chosen. */
export interface StageNegatives extends ChosenNegatives {
  from: Negatives['from'];
  pool: readonly string[];
  answers: AnswerIndex;
}

/** The negatives of a stage with the tokens of their pool. */
export interface TokenizedNegatives extends StageNegatives {
  tokens: TokenSet;
}

/**
 * The latest choices, by stage and by whether dropped negatives are left out, because samples to judge need both.
 * Choosing again after each edit of a setting would take seconds for large data.
 */
const latest = new Map<string, { key: string; choice: ChosenNegatives }>();

/**
 * Returns the explicit negatives of every stage; null for stages without. Imported and random ones depend only on data,
 * settings and seed; mined ones are read from storage.
 * @throws no-negatives if a stage uses imported ones and the pairs have none; too-few-negatives; negatives-not-mined.
 */
export async function negativesOfStages(
  db: Database,
  experiment: Experiment,
  data: PreparedData,
): Promise<(StageNegatives | null)[]> {
  const { stages } = experiment;
  if (stages.every(({ negatives }) => !negatives)) return stages.map(() => null);
  const imported = importedPool(data.pairs);
  const passages = data.knowledgeBase.map(({ text }) => text);
  const mined = await minedOfStages(db, experiment, data);
  const foldCase = await modelFoldsCase(db, experiment);
  const hash = await sha256OfTexts();
  return stages.map(({ negatives }, stageIndex) => {
    if (!negatives) return null;
    const { from, perAnchor, dropped = [] } = negatives;
    if (from === 'imported' && imported.texts.length === 0) throw new AppError({ kind: 'no-negatives' });
    const pool = from === 'imported' ? imported.texts : passages;
    const answers = new AnswerIndex(data.pairs, foldCase, new JudgedPairs(dropped, foldCase, hash));
    const request = { pairs: data.pairs, answers, pool, seed: experiment.seed, stageIndex };
    const own = from === 'imported' ? { own: (row: number) => imported.own[row] ?? [] } : {};
    const found = mined.get(stageIndex);
    const choice = remembered(experiment, stageIndex, () =>
      found ? withoutDropped(found, request) : chooseNegatives({ ...request, perAnchor, ...own }),
    );
    return { ...choice, from, pool, answers };
  });
}

/** Returns the mined negatives of the stages that use them. */
async function minedOfStages(
  db: Database,
  experiment: Experiment,
  data: PreparedData,
): Promise<Map<number, ChosenNegatives>> {
  const mined = new Map<number, ChosenNegatives>();
  for (const [stage, { negatives }] of experiment.stages.entries()) {
    if (negatives?.from !== 'mined') continue;
    const found = await getMinedNegatives(db, await minedKey(experiment, stage, data));
    if (!found) throw new AppError({ kind: 'negatives-not-mined', stage });
    mined.set(stage, found);
  }
  return mined;
}

function remembered(
  { seed, data, split, model, stages }: Experiment,
  stageIndex: number,
  choose: () => ChosenNegatives,
): ChosenNegatives {
  const listed = stages.map(({ batching }) => batching.kind);
  const key = canonicalJson([seed, data, split, model, listed, stages[stageIndex]?.negatives ?? null]);
  const place = `${stageIndex} ${(stages[stageIndex]?.negatives?.dropped ?? []).length > 0}`;
  const known = latest.get(place);
  if (known?.key === key) return known.choice;
  const choice = choose();
  latest.set(place, { key, choice });
  return choice;
}

/**
 * Adds the tokens of each stage's pool: those of the knowledge base, or of the imported negatives. `tokensIn` returns
 * the token sets in a stage.
 */
export function tokenizedNegatives(
  stages: readonly (StageNegatives | null)[],
  tokensIn: (stage: number) => Pick<RunTokens, 'knowledgeBase' | 'negatives'>,
): (TokenizedNegatives | null)[] {
  return stages.map((stage, index) => {
    if (!stage) return null;
    const { knowledgeBase, negatives = knowledgeBase } = tokensIn(index);
    return { ...stage, tokens: stage.from === 'imported' ? negatives : knowledgeBase };
  });
}

/** Returns the negatives of each stage in the form that a run's record stores. */
export async function reportNegatives(
  stages: readonly (StageNegatives | null)[],
): Promise<(NegativesReport | null)[] | undefined> {
  if (stages.every((stage) => !stage)) return undefined;
  const reports: (NegativesReport | null)[] = [];
  for (const stage of stages) reports.push(stage && (await reportOf(stage)));
  return reports;
}

async function reportOf(stage: StageNegatives): Promise<NegativesReport> {
  const { from, perAnchor, chosen, pool, excluded, refilled, refilledRows } = stage;
  const hasher = await sha256Hasher();
  // Hashes each text after its length, so that different lists of texts never hash the same bytes.
  for (const index of chosen) hasher.update(`${pool[index]?.length ?? 0}:`).update(pool[index] ?? '');
  const scored = abovePositive(stage);
  const counts = { excluded, refilled, refilledRows, ...(scored ? { scored } : {}) };
  return { from, perAnchor, sha256: hasher.hex(), ...counts };
}
