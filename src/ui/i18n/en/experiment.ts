export const experimentTexts = {
  name: 'Name of the experiment',
  notFound: 'This experiment isn’t in this browser.',
  backHome: 'Back to the experiments',
  undoChange: 'Undo the last change',
  overtaken: 'This experiment was changed in another tab. Your last change here is not saved yet.',
  keepMine: 'Keep my version',
  keepTheirs: 'Keep the other tab’s version',
  readOnly: 'This experiment’s run is in another tab. Here you can watch, but not change anything.',
};
