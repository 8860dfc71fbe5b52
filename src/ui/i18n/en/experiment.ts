export const experimentTexts = {
  name: 'Name of the experiment',
  notFound: 'This experiment isn’t in this browser.',
  backHome: 'Back to the experiments',
  undoChange: 'Undo the last change',
  readOnly: 'This experiment is running in another tab. Here you can watch, but not change anything.',
};
