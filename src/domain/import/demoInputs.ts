import { inputNames, type InputName, type InputState } from './inputs';
import { modelTextFiles } from './modelFiles';
import type { SlotName } from './slots';

/** Files of the demo's data, in the folder demo/ next to the page. */
export const demoDataFiles = {
  knowledgeBase: 'knowledge-base.jsonl',
  pairs: 'train-pairs.jsonl',
  devQuestions: 'dev-questions.jsonl',
  testQuestions: 'test-questions.jsonl',
} as const satisfies Partial<Record<SlotName, string>>;

/** The inputs that the demo provides. */
export type DemoInput = keyof typeof demoDataFiles | 'model';

const isDemoInput = (input: InputName): input is DemoInput => Object.hasOwn(demoHashes, input);

/** The name of the demo model and of its folder. */
export const demoModelName = 'demo-zh';

/** All files in the demo model's folder. */
export const demoModelFiles = [...modelTextFiles, 'model.safetensors'] as const;

/**
 * Content hashes of the demo's data and model. They are constants so that the page recognizes a link to the demo
 * without loading the demo first.
 */
export const demoHashes: Record<DemoInput, string> = {
  knowledgeBase: 'a0e7f04e3a8f3943134f9e2b9277b2b415d4396e65529f93d0a24bf23f36b089',
  pairs: '23ca6e2f48e9cca65dbaaaacd910d21bf4921afb7908a6386cd9f7016c4be3fe',
  devQuestions: 'f04d336bf6fbdbfb5d6b6552e1fac2fbfd8482baab4f4ca3eb531a71a8aa963b',
  testQuestions: '11578518f273955432a7ab1aac760e05b1e7eeb55fb8ec90442a03089c5c7543',
  model: '7bcc379968c0c23d7cbd4773072d37446cf4df63216786b03189476ddef6fd63',
};

/** Returns the content hash of the demo's data or model for an input; undefined if the demo has none. */
export function demoHash(input: InputName): string | undefined {
  return isDemoInput(input) ? demoHashes[input] : undefined;
}

/** Returns the inputs that are missing or different and that the demo can fill with exactly the named content. */
export function demoParts(states: Record<InputName, InputState>): DemoInput[] {
  return inputNames.filter(isDemoInput).filter((input) => {
    const state = states[input];
    return 'named' in state && state.named === demoHashes[input];
  });
}
