import { catalogued } from '../../modelCatalogue';
import type { ExperimentFacts, PromptUse } from './facts';
import type { Check, Finding, TextSide } from './finding';

/** Minimum difference between the shares of the two sides for a prompt to count as used on one side only. */
const mismatch = 0.5;
/** Share of texts already beginning with the prefix from which it counts as added twice. */
const twice = 0.5;

type Model = NonNullable<ExperimentFacts['model']>;

/** Returns the setting that the model's folder states or, failing that, the catalogue's; null if neither has one. */
function usual<T>(stated: { value: T; guessed: boolean }, known: T | undefined): Usual<T> | null {
  if (!stated.guessed) return { value: stated.value, by: 'model' };
  return known === undefined ? null : { value: known, by: 'catalogue' };
}
interface Usual<T> {
  value: T;
  by: 'model' | 'catalogue';
}

const entryOf = ({ hub, name }: Model): ReturnType<typeof catalogued> => catalogued(hub?.id ?? name);

/** Finds a pooling other than the one that the model was trained with. */
export const poolingFindings: Check = ({ model: settings }, { model }) => {
  const pooling = model && usual(model.defaults.pooling, entryOf(model)?.pooling);
  if (!settings || !pooling || pooling.value === settings.pooling) return [];
  const facts = { pooling: settings.pooling, usual: pooling.value, by: pooling.by };
  return [{ kind: 'pooling', severity: 'warns', facts, fix: { setting: 'pooling', value: pooling.value } }];
};

/**
 * Finds prefixes other than those that the model was trained with. A prefix that the texts already contain does not
 * count as missing.
 */
export const prefixFindings: Check = ({ model: settings }, { model, texts }) => {
  if (!settings || !model) return [];
  const entry = entryOf(model);
  const inTexts = (side: TextSide, prefix: string): boolean =>
    texts?.prompts[side].some((use) => isAdded(use.prompt, prefix) && mostUse(use) >= twice) ?? false;
  const query = usual(model.defaults.queryPrefix, entry?.queryPrefix);
  const passage = usual(model.defaults.passagePrefix, entry?.passagePrefix);
  const queryPrefix = query && !inTexts('questions', query.value) ? query.value : settings.queryPrefix;
  const passagePrefix = passage && !inTexts('passages', passage.value) ? passage.value : settings.passagePrefix;
  if (queryPrefix === settings.queryPrefix && passagePrefix === settings.passagePrefix) return [];
  const by = query?.by === 'model' || passage?.by === 'model' ? 'model' : 'catalogue';
  return [
    {
      kind: 'prefixes',
      severity: by === 'model' || entry?.needsPrompts === true ? 'warns' : 'advises',
      facts: { usualQuery: queryPrefix, usualPassage: passagePrefix, by },
      fix: { setting: 'prefixes', queryPrefix, passagePrefix },
    },
  ];
};

/** Finds prompts inside the texts: on one side only, or in texts that get the prefix as well. */
export const promptFindings: Check = ({ model: settings }, { texts }) => {
  if (!settings || !texts) return [];
  const { queryPrefix, passagePrefix } = settings;
  return (['questions', 'passages'] as const).flatMap((side): Finding[] => {
    const uses = texts.prompts[side];
    const added = side === 'questions' ? queryPrefix : passagePrefix;
    const repeated = uses.find((use) => isAdded(use.prompt, added) && mostUse(use) >= twice);
    const uneven = uses
      .filter(({ training, evaluation }) => Math.abs(training - evaluation) >= mismatch)
      .sort((a, b) => b.prompt.length - a.prompt.length)[0];
    return [
      ...(uneven ? [{ kind: 'promptMismatch', severity: 'warns', facts: { side, ...uneven } } as const] : []),
      ...(repeated && !uneven ? [addedTwice(side, repeated, settings)] : []),
    ];
  });
};

/** Whether texts that begin with the prompt already begin with the prefix. */
const isAdded = (prompt: string, prefix: string): boolean => prefix.trim() !== '' && prompt.startsWith(prefix.trim());
const mostUse = ({ training, evaluation }: PromptUse): number => Math.max(training, evaluation);

function addedTwice(
  side: TextSide,
  use: PromptUse,
  { queryPrefix, passagePrefix }: { queryPrefix: string; passagePrefix: string },
): Finding {
  const prefixes = side === 'questions' ? { queryPrefix: '', passagePrefix } : { queryPrefix, passagePrefix: '' };
  return {
    kind: 'promptTwice',
    severity: 'warns',
    facts: { side, prompt: use.prompt, share: mostUse(use) },
    fix: { setting: 'prefixes', ...prefixes },
  };
}
