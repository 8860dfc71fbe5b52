import { count } from './count';

export const reportTexts = {
  title: 'Report',
  none: 'There is nothing to report yet. Finish a run first.',
  summary: 'Summary',
  hash: 'Experiment hash',
  model: 'Base model',
  data: 'Data',
  device: 'Device',
  kept: 'Weights kept from step',
  weights: 'SHA-256 of the weights',
  build: 'Program version',
  exportTitle: 'The model',
  exportHelp:
    'One zip in the Hugging Face layout: safetensors, onnx/model.onnx, pooling and normalisation modules, model card, experiment.json.',
  exportZip: 'Export the model',
  exporting: 'Writing and checking…',
  exportVectors: 'Computing reference vectors…',
  exportDone: (cosine: string, texts: number) =>
    `Done. The reopened export gives the same vectors as this page: lowest cosine ${cosine} over ${count(texts, 'text')}.`,
  poolerNotKept:
    'The base model was imported by an earlier version, which did not keep its pooler, so the export has none. Text vectors do not depend on it, but transformers warns about newly initialized weights. To include it, import the base model again in the import stage, then export again.',
  adapter: {
    included:
      'The zip also has adapter/, the LoRA adapter in PEFT’s format, which peft loads onto the base model. In all other files it is merged into the weights.',
    blended: 'The LoRA adapter was merged into the tuned weights before blending. It is not exported on its own.',
    'several-stages':
      'The LoRA adapter is merged into the weights. It is not exported on its own, because other stages changed the weights too, so it would not fit the base model.',
  },
  exportFiles: 'Files in the zip',
  linkTitle: 'The experiment as a link',
  linkHelp:
    'The link carries the settings and the hashes of the data, never the data itself. Whoever opens it needs the same files.',
  includeMetrics: 'Include my metrics (marked as my claim)',
  copyLink: 'Copy the link',
  linkCopied: 'Link copied.',
  linkLength: (n: number) => count(n, 'character'),
  file: 'The experiment as a file',
  fileHelp: 'experiment.json holds the same settings, for the command line and for version control.',
  downloadFile: 'Download experiment.json',
  project: 'Everything in one file',
  projectHelp: 'The experiments you choose, with their data, runs and models. Any other Recallsmith can open it.',
};

export const linkTexts = {
  title: 'Shared experiment',
  intro: 'Someone shared these settings with you. Nothing has been downloaded, stored or run.',
  claim: 'Result claimed by the sender, not checked here: ',
  settings: 'Settings',
  needs: 'What it needs on this computer',
  here: 'here',
  demo: 'comes with this page',
  missing: 'missing',
  missingHelp: 'Save the experiment, then import the same files. They are recognised by their content.',
  demoHelp: 'Save the experiment, then add the demo’s files with one click in the import stage.',
  import: 'Save as a new experiment',
  discard: 'Discard',
  name: 'Shared experiment',
  nothingRuns: 'This only saves the settings. You start the run yourself.',
};
