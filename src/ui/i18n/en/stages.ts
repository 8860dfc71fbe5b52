export const stagesTexts = {
  rail: 'Stages of the experiment',
  states: {
    empty: 'empty',
    ready: 'ready',
    running: 'running',
    stale: 'out of date: an earlier stage changed',
    done: 'done',
  },
  names: {
    import: 'Import',
    negatives: 'Negatives',
    split: 'Split',
    tokenize: 'Tokenize',
    train: 'Train',
    evaluate: 'Evaluate',
    report: 'Report',
  },
  about: 'About this stage',
  does: 'What it does',
  costs: 'What it costs',
  wrong: 'What can go wrong',
  part: 'Its part of experiment.json',
  text: {
    import: {
      does: 'Reads your files row by row and stores them in this browser under the hash of their content. Every row that is left out is listed with its line and the reason.',
      costs:
        'About a second per 100,000 rows, and about as much disk space as the files take. A base model takes the size of its weights in float32.',
      wrong:
        'A test question can’t be judged if its passage isn’t in the knowledge base, so it is listed and left out. If the encoding is recognised wrongly, the text comes out garbled: check the preview.',
    },
    negatives: {
      does: 'Chooses passages that each question is pushed away from, in addition to those of its batch: random ones, those in the imported file, or those that a model mines from the knowledge base.',
      costs:
        'Mining encodes the knowledge base and all questions once: seconds to minutes. In training, each negative takes as much time and memory as a positive.',
      wrong:
        'A mined passage that answers the question is a false negative and teaches the opposite. Known answers, near-duplicates and passages that score close to the positive are left out; judge samples to see what remains.',
    },
    split: {
      does: 'Keeps three parts of the data apart: the training pairs update the weights, dev chooses the checkpoint, and test is used only before and after training.',
      costs: 'Almost nothing, but every pair held out for dev is one pair less to train on.',
      wrong:
        'If a question is in both train and test, the model can recite instead of retrieve, and the gain isn’t real. Such leaks are listed here.',
    },
    tokenize: {
      does: 'Turns every text, with its prefix, into token ids with the model’s own tokenizer, and cuts it at the maximum length.',
      costs:
        'A few thousand texts per second, once. The ids are stored and reused until a text, a prefix or the maximum length changes.',
      wrong:
        'The model never sees what is cut off. Many [UNK] tokens mean that the vocabulary doesn’t fit the language.',
    },
    train: {
      does: 'Pulls each question towards its own passage and away from the other passages in the batch (in-batch negatives, InfoNCE), with AdamW.',
      costs:
        'Memory: four times the weights, plus the intermediate results of a batch (see Memory). Disk: up to eleven times the weights, for the checkpoints. The time grows with tokens × parameters; it is measured and shown.',
      wrong:
        'If the learning rate is too high, the model forgets what it knew: the loss falls, and so does recall on dev. A passage that also answers another question in the batch is a false negative.',
    },
    evaluate: {
      does: 'Encodes the whole knowledge base and all test questions with the weights before and after training, searches exactly, and compares the ranks question by question.',
      costs: 'Two forward passes over every passage and every question.',
      wrong:
        'Few questions give wide intervals: 50 questions can’t show a gain of 4 points. A test set that is looked at again and again stops being a test, so every use is counted.',
    },
    report: {
      does: 'Writes the fine-tuned model as a Hugging Face folder with safetensors and ONNX, opens it again, and compares its vectors with this page’s before it reports success.',
      costs: 'Disk space of about twice the weights while the zip is written.',
      wrong:
        'Whoever uses the model gets different vectors if they forget the prefix, the pooling or the normalisation. The model card states all three.',
    },
  },
};

export const nextTexts = {
  button: (stage: string) => `Next: ${stage}`,
  notYet: 'Something is missing',
  missing: (inputs: string) => `Still to add: ${inputs}.`,
  ready: {
    negatives: {
      title: 'Data and model are in',
      text: 'Next, choose where negatives come from, or keep to those of the batch.',
    },
    split: {
      title: 'Negatives can be changed at any time',
      text: 'Next, see how many questions train, dev and test have.',
    },
    tokenize: { title: 'The data is split', text: 'Next, see how long the texts are and whether any is cut.' },
    train: { title: 'Ready to train', text: 'Next, choose the settings, or start with the defaults.' },
    report: { title: 'The result is stored', text: 'Next, export the model or share the experiment.' },
  },
};
