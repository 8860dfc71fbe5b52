import { formatCount } from '../format';
import { count } from './count';

export const homeTexts = {
  title: 'Experiments',
  count: (n: number) => formatCount(n),
  emptyTitle: 'After fine-tuning, is retrieval really better?',
  emptyText:
    'Fine-tune an embedding model in the browser, then test it question by question on questions it has never seen. Data and model stay on this computer.',
  loopAria:
    'How it works: ask the questions first, train on the pairs, ask the same questions again, compare question by question.',
  loop: {
    before: 'Ask first',
    beforeNote: 'note where the right passage ranks',
    train: 'Train on your pairs',
    trainNote: 'pull each question to its passage, push the rest away',
    after: 'Ask again',
    afterNote: 'the same questions, never seen in training',
    compare: 'Compare',
    compareNote: 'improved, worse, or just chance?',
  },
  demoName: 'Pig farming (Chinese)',
  demoTitle: 'See it once on the demo',
  runDemo: 'Run the demo',
  runDemoHelp: 'It comes with a knowledge base on pig farming and a small model, and takes a few minutes.',
  ask: {
    title: 'Try a question',
    about: (passages: number) => `Pig farming, in Chinese: ${count(passages, 'passage')} · demo-zh, not fine-tuned`,
    field: 'Your question',
    search: 'Search',
    others: 'Or ask:',
    help: 'Search stores the demo’s knowledge base and model in this browser (about 19 MB). The question is searched on this computer and sent nowhere.',
    loading: (done: string, of: string) => `Loading the model: ${done} of ${of}`,
    loadingUnknown: (done: string) => `Loading the model: ${done}`,
    encoding: (done: string, of: string) => `Computing the vectors of the passages: ${done} of ${of}`,
    searching: 'Searching…',
    cancelling: 'Cancelling…',
    phases: { load: 'Loading the model', encode: 'Computing the vectors of the passages' },
    top: (n: number) => `Top ${formatCount(n)}`,
    score: (ms: string) => `Score (cosine) · ${ms} ms`,
    right: 'Right passage',
    between: (n: number) => `${count(n, 'passage')} left out here`,
    rightAt: (rank: number) => `The right passage ranks ${formatCount(rank)}`,
    next: (rank: number): string =>
      rank === 1
        ? 'Without fine-tuning, the model already gets this one right. Run the demo to see where all test questions rank before and after.'
        : 'Without fine-tuning, the model ranks other passages first. Run the demo to see where the right one ends up.',
  },
  computer: {
    title: 'This computer',
    device: 'Device',
    model: 'Training',
    trainable: (fits: boolean, needed: string, budget: string, question: number, passage: number) => {
      const batch = `a batch of 16 pairs, with texts of ${question} and ${passage} tokens,`;
      return fits
        ? `Models like bge-base-zh-v1.5 (BERT-base) fit: ${batch} needs ${needed} of a ${budget} budget`
        : `Models like bge-base-zh-v1.5 (BERT-base) don’t fit: ${batch} needs at least ${needed}, the budget is ${budget}`;
    },
    demo: 'The demo',
    demoUnknown: 'Search for a question to get an estimate',
    demoAbout: (time: string) => `Takes about ${time}`,
    disk: 'Disk space',
    diskRoom: (room: string) => `The browser allows this page ${room} more`,
  },
  files: {
    title: 'For your own data, bring three files',
    notes: {
      knowledgeBase: 'The passages to search, one per row.',
      pairs: 'Questions, each with the passage that answers it. They train the model.',
      testQuestions: 'Never used for training, only to judge the result. Start with 50; 100 give a clearer answer.',
    },
    model: 'Any BERT-type encoder works as the model, such as bge-base-zh-v1.5 or m3e-base.',
  },
  moreText: 'Open an experiment that someone shared, or a project that you saved elsewhere.',
  keyAfter: 'After training; the line is the 95% interval',
  noModel: 'No data or model yet',
  pairs: (n: number) => count(n, 'pair'),
  duration: { epochs: (n: number) => count(n, 'epoch'), steps: (n: number) => count(n, 'step') },
  verdicts: { better: 'Better', worse: 'Worse', noDifferenceShown: 'No difference shown' },
  firstRight: (questions: number) => `of ${count(questions, 'question')}, first result is right`,
  changed: (won: number, lost: number, p: string) =>
    `${count(won, 'question')} improved, ${formatCount(lost)} got worse, ${p}.`,
  chance: ' The difference could be chance.',
  newExperiment: 'New experiment',
  openProject: 'Open a project file',
  openLink: 'Open a shared link',
  saveProject: 'Save the project',
  savingProject: 'Packing the project…',
  openingProject: 'Opening the project…',
  measuringProject: 'Measuring the project…',
  projectOpened: (experiments: number, runs: number) =>
    experiments + runs === 0
      ? 'Everything in the file was here already.'
      : `Added ${count(experiments, 'experiment')} and ${count(runs, 'run')}.`,
  projectSaved: (name: string) => `Saved as ${name}.`,
  linkTitle: 'Open a shared experiment',
  linkHelp: 'Paste the link. You’ll see a summary first; nothing is downloaded or run until you agree.',
  linkField: 'Link',
  open: 'Open',
  noResult: 'No result yet',
  running: 'Running',
  paused: 'Paused. You can resume.',
  interrupted: 'Interrupted. You can resume.',
  failed: 'Failed',
  deleteTitle: 'Delete this experiment?',
  deleteText: (name: string) =>
    `“${name}” and its runs are removed from the home page, and a run in progress in this tab is stopped. A run in another tab must be cancelled there first. You can restore them on the storage page until the space is needed.`,
  deleted: (name: string) => `Deleted “${name}”.`,
  deleteName: (name: string) => `Delete ${name}`,
  newName: (n: number) => `Experiment ${n}`,
  duplicateName: (name: string) => `Duplicate ${name}`,
  duplicate: 'Duplicate',
  copyName: (name: string, n: number) => `${name} (copy${n === 1 ? '' : ` ${n}`})`,
  duplicated: (name: string) =>
    `Duplicated as “${name}”. The copy has the same data, model and settings, and no runs yet.`,
  demoTag: 'Demo',
};
