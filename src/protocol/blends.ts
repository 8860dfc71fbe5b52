import type { ProbeSet } from '../domain/evaluate/probe';
import type { QuestionPart } from '../domain/records';

/** The blends to evaluate, and the questions. */
export type BlendsToEvaluate = { ratios: readonly number[] } & ({ part: QuestionPart } | { probe: ProbeSet });
