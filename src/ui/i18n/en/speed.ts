import { count } from './count';

export const speedTexts = {
  title: 'Speed and size',
  intro: 'How fast the models are on this device, how much space they take, and what smaller vectors would cost you.',
  back: 'Back to comparing',
  choose: 'Models to measure',
  chooseHelp:
    'All chosen models are measured in one run and take turns, so a device that gets slower slows all of them. Close other programs that use it.',
  noModels: 'No model is stored. Import one, then measure it.',
  plan: 'Duration',
  plans: { full: 'Thorough', quick: 'Quick' },
  planHelp:
    'Thorough: five rounds, and three of a search of 1,000,000 passages; a large model without a GPU takes some minutes. Quick: three short rounds and up to 100,000 passages.',
  start: (n: number) => `Measure ${count(n, 'model')}`,
  again: (n: number) => `Measure ${count(n, 'model')} again`,
  nothingChosen: 'Choose at least one model.',
  nothing: 'Nothing was measured yet.',
  what: {
    load: () => 'loading weights',
    encode: (tokens: number) => `encoding texts of ${count(tokens, 'token')}`,
    search: (passages: number) => `Searching ${count(passages, 'passage')}`,
    questions: (questions: number) => `answering ${count(questions, 'dev question')}`,
  },
  phases: { encode: 'Encoding', search: 'Searching', questions: 'Answering dev questions' },
  cancelling: 'Cancelling…',
  measured: (date: string, device: string) => `Measured ${date}: ${device}`,
  incomplete: 'The measurement was stopped before its end. What is missing below was not measured.',
  earlierData:
    'The figures on dev questions were measured on earlier data: questions or passages have changed since. Measure again to update them.',
  failed: 'Not measured',
  failedQuestions: 'Not measured on the dev questions',
  failedSearch: (passages: number, dimensions: number) =>
    `${count(passages, 'passage')} of ${count(dimensions, 'dimension')} could not be searched`,
  gone: 'no longer stored',
  otherSettings: 'measured with earlier settings',
  answer: (dimensions: number, numbers: string, share: string) =>
    `${count(dimensions, 'dimension')} in ${numbers} would do: vectors then take ${share} of the space`,
  answerRecall: (name: string, recall: string, hitRate: string, questions: number) =>
    `With ${name}, on ${count(questions, 'dev question')}: recall@10 ${recall}, hit rate@1 ${hitRate}.`,
  keepWhole: 'Keep the whole vectors: every smaller form loses more than a point',
  change: (before: string, after: string) => `${before} → ${after}`,
  few: (questions: number) => `${count(questions, 'question')} can’t show a loss of one in a hundred.`,
  ofModel: 'Model',
  encoding: 'Encoding',
  encodingHelp:
    'Random tokens, encoded in batches as a comparison does: median of the rounds, with the slowest and the fastest below. Tokenizing is not included.',
  perSecond: 'texts/s',
  tokensPerSecond: 'tokens/s',
  tokens: (n: number) => count(n, 'token'),
  tooLong: (lengths: string) => `it can’t read texts of these lengths in tokens: ${lengths}`,
  searching: 'Search for one question',
  searchingHelp:
    'Exact search over synthetic vectors: random numbers, because the time doesn’t depend on their values. The time includes copying the vectors to the device, but not reading them from the disk.',
  passages: 'Passages',
  dimensions: 'Dimensions',
  ms: 'ms',
  memory: 'Memory',
  pieces: (n: number) => `read in ${count(n, 'piece')}, one in memory at a time`,
  skipped: (passages: number, dimensions: number, needed: string, limit: string) =>
    `${count(passages, 'passage')} of ${count(dimensions, 'dimension')} would need ${needed} even in pieces; the limit is ${limit}.`,
  download: 'Download',
  downloadHelp:
    'Bytes that a user of the model fetches: weights and tokenizer. The export offers float32; float16 is half of the weights.',
  weights: (numbers: string) => `Weights in ${numbers}`,
  tokenizer: 'Tokenizer',
  forms: 'Smaller vectors',
  formsHelp:
    'Cut: the first dimensions, scaled to length 1. int8: one byte per dimension, with the range of each dimension found among the passages (as in sentence-transformers). Questions are cut too but stay in float32. The search stays exact over what the form keeps.',
  form: 'Form',
  bytes: 'Bytes',
  perMillion: (bytes: string) => `${bytes} for a million passages`,
  recall: 'Recall@10',
  hitRate: 'Hit rate@1',
  changed: 'Lost, won',
  changedHelp:
    'Questions whose right passage came first with the whole vectors but not in this form, and the reverse. The interval in the column before is that of the change in recall@10, in points.',
  points: (low: string, high: string) => `95%: ${low} to ${high}`,
  matryoshka:
    'Cuts keep most if the model was trained with the Matryoshka option. They are measured on dev, because choosing one is a choice.',
  copy: 'Copy the figures',
  save: 'Save as CSV',
};
