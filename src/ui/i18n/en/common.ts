export const commonTexts = {
  productName: 'Recallsmith',
  colon: ': ',
  comma: ', ',
  listComma: ', ',
  semicolon: '; ',
  /** A sentence that another one follows. */
  beforeNext: (sentence: string) => `${sentence} `,
  /** Joins the sentences that are not empty. */
  inARow: (...sentences: string[]) => sentences.filter((sentence) => sentence !== '').join(' '),
  stop: '.',
  close: 'Close',
  cancel: 'Cancel',
  copied: 'Copied',
  copyYourself: 'The browser blocked copying. The text is selected: press Ctrl+C or ⌘C.',
  undo: 'Undo',
  dismiss: 'Dismiss',
  update: 'A new version is ready.',
  updateLater: 'A new version is ready. Reload when the running job is done.',
  reload: 'Reload to update',
  delete: 'Delete',
  loading: 'Loading…',
  previous: 'Previous',
  next: 'Next',
  page: (page: number, pages: number) => `${page} / ${pages}`,
  guessed: 'guessed',
  guessedHelp: 'The model folder doesn’t say, so this is a guess. Check it against the model’s documentation.',
  skip: 'Skip to content',
  table: 'Show as a table',
  chart: 'Show as a chart',
};

export const headerTexts = {
  home: 'Experiments',
  settings: 'Settings',
  benchmark: 'Benchmark this device',
  storage: 'Storage',
  palette: 'Find an action',
  theme: { light: 'Light', dark: 'Dark', auto: 'System' },
  toggleTheme: 'Switch between light and dark',
  language: '中文',
  languageHelp: '切换到中文',
  local: 'Your data stays on this computer',
  localHelp:
    'Data, training and weights stay in this browser. The page contacts another server only when you download a model by its id.',
};

export const paletteTexts = {
  title: 'Find an action',
  placeholder: 'Type what you want to do',
  empty: 'No matching action',
  goTo: 'Go to',
  experiments: 'Experiments',
  actions: 'Actions',
};

export const errorsTexts = {
  title: 'That didn’t work',
  copyDetails: 'Copy details',
};

export const timeTexts = {
  ms: 'ms',
  seconds: (n: number) => `${n} s`,
  minutes: (m: number, s: number) => `${m} min ${s} s`,
  hours: (h: number, m: number) => `${h} h ${m} min`,
};
