import { formatCount } from '../format';
import { count } from './count';

export const storageTexts = {
  title: 'Storage',
  space: (used: string, quota: string) => `${used} in use of ${quota}`,
  intro:
    'Everything this browser holds, with its size and the experiments that use it. You can delete items that no experiment uses. Vectors of texts are kept so that the next comparison, map or measurement is faster; they can always be computed again.',
  measuring: 'Measuring…',
  kinds: {
    experiment: 'Experiments and their runs',
    model: 'Models',
    onnxModel: 'ONNX models, for comparisons only',
    dataset: 'Data sets',
    tokenSet: 'Token sets',
    minedNegatives: 'Mined negatives',
    vectorSet: 'Vectors and maps',
    batchList: 'Batch lists',
    download: 'Unfinished downloads',
  },
  roles: { knowledgeBase: 'knowledge base', pairs: 'pairs', questions: 'questions', scoredPairs: 'scored pairs' },
  tokenSets: (n: number) => count(n, 'token set'),
  minedNegatives: (n: number) => `Negatives of ${count(n, 'stage')}`,
  batchList: 'Batch list',
  /** `ends`: whether another sentence follows. */
  usedBy: (names: string, ends: boolean) => `Used by: ${names}${ends ? '.' : ''}`,
  deletedUser: (name: string) => `${name} (deleted)`,
  unused: 'Unused',
  comparedIn: (names: string) => `Compared in: ${names}. These results stay if you delete it.`,
  deletedAt: (date: string) => `Deleted ${date}. Kept until the space is needed.`,
  restore: 'Restore',
  restored: (name: string) => `Restored “${name}”.`,
  deleteForGood: 'Delete for good',
  confirmTitle: 'Delete for good?',
  confirm: (name: string, size: string) => `“${name}” (${size}) will be deleted. This can’t be undone.`,
  deleted: (size: string) => `Freed ${size}.`,
  inUse: 'Something uses it now, so it was not deleted.',
  empty: 'No experiments, data or models yet. The space in use is the app itself, stored for offline use.',
  open: 'Open the storage page',
};

export const projectTexts = {
  saveTitle: 'Save a project file',
  saveHelp: 'The file holds the chosen experiments with their runs, data and models.',
  all: 'All experiments',
  runs: (n: number) => (n === 0 ? 'no runs' : count(n, 'run')),
  withState: 'Include the data for resuming runs',
  stateHelp:
    'The state of the optimizer is twice as large as the weights. Finished runs never need it; their results, curves and kept weights are saved either way.',
  leftOut: (n: number) => `${count(n, 'unfinished run')} will be left out.`,
  size: (size: string) => `About ${size}`,
  save: 'Save',
  nothing: 'Choose at least one experiment.',
  conflictTitle: 'Already here, but different',
  conflictHelp:
    'These experiments were changed here or elsewhere since the file was saved. Nothing here is overwritten: add the parts that differ as copies, or leave them out.',
  edited: 'its settings differ',
  runsDiffer: (n: number) => `${count(n, 'run')} with a different history`,
  leaveOut: 'Leave out',
  addCopies: (n: number) => (n === 1 ? 'Add a copy' : `Add ${formatCount(n)} copies`),
  partialTitle: 'Some things are missing',
  understood: 'OK',
};
