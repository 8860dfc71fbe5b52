/** Texts of the losses and their settings. */
export const lossTexts = {
  fields: {
    inBatch: 'In-batch negatives',
    inBatchNegatives: 'Drawn per question',
    distance: 'Distance',
    tripletMargin: 'Margin',
    teacherScores: 'Teacher’s scores',
    teacher: 'Teacher model',
    teacherTemperature: 'Teacher’s temperature',
  },
  help: {
    loss: 'In-batch InfoNCE compares each question’s own passage with all other passages of the batch at once, so the closest ones count most. The sigmoid pair loss compares it with each of them separately, so that no single passage dominates. The triplet loss asks that each explicit negative be farther from the question than its passage, by a margin. KL distillation asks that a question’s passage and its explicit negatives be scored in the same proportions as a teacher scores them.',
    inBatch:
      'All other questions of the batch, or a few of them, drawn at random for each question. Their passages, and their explicit negatives if there are any, are the question’s negatives.',
    inBatchNegatives:
      'How many other questions of the batch are drawn, with the experiment’s seed. If the batch has fewer, all of them count.',
    distance:
      'How far two texts are apart: 1 − cosine, or the length of the difference of their unit vectors. Both are at most 2.',
    tripletMargin:
      'How much farther a negative must be than the positive; triplets that are that far apart no longer count. sentence-transformers starts with Euclidean distance and 5, which unit vectors never reach, so every triplet counts.',
    teacherScores:
      'A model scores each question’s passage and negatives before the run, or the file of the training pairs brings the scores: FlagEmbedding’s pos_scores and neg_scores, or a list in sentence-transformers’ label or score. Scores of the data go with the imported negatives.',
    teacher:
      'The stored model whose scores are distilled. It stays frozen and encodes all training texts once before the run; its vectors may have another length than those of the model being trained.',
    teacherTemperature:
      'Divides the teacher’s scores before its softmax. If the teacher’s scores lie closer together than those of the model being trained, make it smaller than τ.',
  },
  options: {
    inBatchInfoNce: 'in-batch InfoNCE',
    sigmoidPairs: 'sigmoid pairs',
    triplet: 'triplet margin',
    cosent: 'CoSENT',
    angle: 'AnglE',
    cosineMse: 'cosine MSE',
    distillation: 'KL distillation',
    cosineDistance: '1 − cosine',
    euclidean: 'Euclidean',
    queryToPassage: 'question → passage',
    both: 'both ways',
    perDirection: 'per direction',
    joint: 'one for both',
    noSameSide: 'nothing else',
    amongQuestions: 'questions',
    amongPassages: 'passages',
    amongBoth: 'questions and passages',
    contrastBatch: 'all of the batch',
    contrastExplicit: 'own positive, all negatives',
    contrastOwn: 'own only',
    allOfBatch: 'all of the batch',
    drawnOfBatch: 'drawn per question',
    noHardness: 'off',
    inBatchNegatives: 'negatives of the batch',
    explicitNegatives: 'explicit negatives',
    allNegatives: 'all negatives',
    scoresOfModel: 'by a model',
    scoresOfData: 'from the data',
    noTeacher: 'not chosen yet',
    trainedModel: 'the model being trained',
    noScoreMask: 'off',
    absoluteMargin: 'absolute margin',
    relativeMargin: 'relative margin',
    noPrefixes: 'none',
  },
};
