import { defaultExperiment, type Experiment, type Stage } from '../../../../src/domain/experiment';
import type { MemoryAlternative, MemoryReport, StepStrategyChoice } from '../../../../src/domain/memory/report';
import { applyFix } from '../../../../src/domain/train/doctor/applyFix';
import { examine } from '../../../../src/domain/train/doctor/examine';
import type { ExperimentFacts, LengthFacts, TextFacts } from '../../../../src/domain/train/doctor/facts';
import type { Finding, FindingKind, FindingOf } from '../../../../src/domain/train/doctor/finding';
import { demoModel } from '../../tokenize/demoModel';

type StageChange = Partial<Stage> | ((stage: Stage) => Partial<Stage>);

/** Returns an experiment of the demo model with one stage for each change of the default stage. */
export function experimentWith(...changes: StageChange[]): Experiment {
  const [stage] = defaultExperiment().stages;
  if (!stage) throw new Error('no stage');
  const settings = { pooling: 'mean', normalize: true, maxTokens: 128, queryPrefix: '', passagePrefix: '' } as const;
  return {
    ...defaultExperiment(),
    model: { contentSha256: 'a'.repeat(64), ...settings },
    stages: (changes.length > 0 ? changes : [{}]).map((change) => ({
      ...stage,
      ...(typeof change === 'function' ? change(stage) : change),
    })),
  };
}

export const batchOf = (batchSize: number, avoidDuplicatePassages = true): Pick<Stage, 'batching'> => ({
  batching: { kind: 'seeded', batchSize, avoidDuplicatePassages },
});

const lengths: LengthFacts = { texts: 100, truncated: 0, p99: 40 };
export const healthyTexts: TextFacts = {
  lengths: {
    knowledgeBase: lengths,
    anchors: lengths,
    positives: lengths,
    devQuestions: lengths,
    testQuestions: lengths,
  },
  repeated: 0,
  samePassage: 0,
  prompts: { questions: [], passages: [] },
};

/**
 * Facts of 960 distinct pairs and the demo model. With a batch of 32 and the other defaults, they lead to no finding.
 */
export function factsWith(change: Partial<ExperimentFacts> = {}): ExperimentFacts {
  return {
    model: { ...demoModel({}), totalFloats: 4.6e6 },
    split: splitOf(960),
    texts: healthyTexts,
    memory: null,
    ...change,
  };
}

export function splitOf(
  pairs: number,
  change: Partial<NonNullable<ExperimentFacts['split']>> = {},
): NonNullable<ExperimentFacts['split']> {
  return {
    train: pairs,
    trainPassages: pairs,
    trainAnchors: pairs,
    scored: 0,
    dev: 64,
    leaks: { exact: 0, normalised: 0 },
    scoredLeaks: 0,
    listedBatches: false,
    nearDuplicates: { count: 0, removed: false },
    scoredNearDuplicates: { count: 0, removed: false },
    ...change,
  };
}

export function choiceOf(kind: 'plain' | 'recompute' | 'gradCache', total: number, fits = true): StepStrategyChoice {
  const stepStrategy = kind === 'gradCache' ? { kind, tokensPerPass: 512 } : { kind };
  return { fits, stepStrategy, need: { weights: 0, gradients: 0, moments: 0, activations: 0, snapshot: 0, total } };
}

/** A memory report of a batch of `pairs`. */
export function memoryOf(pairs: number, choice: StepStrategyChoice, alternatives: MemoryAlternative[]): MemoryReport {
  return {
    steps: 60,
    leftOut: [],
    backend: 'wasm',
    budgetBytes: 3e9,
    defaultBudgetBytes: 3e9,
    shape: { pairs, candidates: pairs, tokens: 1000, longest: 100 },
    choice,
    run: { budgetBytes: 3e9, ways: [choice.stepStrategy], encodingTokens: 1000 },
    alternatives,
    proposal: {},
    canRaise: false,
  };
}

/** Returns the findings of one kind. */
export function found<Kind extends FindingKind>(
  kind: Kind,
  experiment: Experiment,
  facts = factsWith(),
): FindingOf<Kind>[] {
  return examine(experiment, facts).filter((one): one is Finding & FindingOf<Kind> => one.kind === kind);
}

/** Applies the fix of the only finding of a kind, and returns the findings of that kind that are left. */
export function afterFix(
  kind: FindingKind,
  experiment: Experiment,
  factsOf: (fixed: Experiment) => ExperimentFacts,
): Finding[] {
  const ofKind = (one: Experiment): Finding[] => examine(one, factsOf(one)).filter((finding) => finding.kind === kind);
  const findings = ofKind(experiment);
  const [finding] = findings;
  if (findings.length !== 1 || !finding?.fix) throw new Error(`${findings.length} findings of ${kind}, or no fix`);
  return ofKind(applyFix(experiment, finding));
}
