/** Texts of the losses and their settings. */
export const lossTexts = {
  fields: {
    distance: '距离',
    tripletMargin: '余量',
  },
  help: {
    loss: '批内 InfoNCE：把自己的段落和同一批的其他段落放在一起比，越像的负例分量越重。sigmoid 成对损失：和其他段落逐个比较，不会由个别段落主导。三元组损失：每个单独给出的负例都要比自己的段落远，至少远出一个余量。',
    distance: '两段文本相距多远：1 − 余弦，或单位向量之差的长度。两者都不超过 2。',
    tripletMargin:
      '负例要比正例远出多少；已经远出这么多的三元组不再计入。sentence-transformers 默认用欧氏距离和 5，单位向量达不到，所以每个三元组都计入。',
  },
  options: {
    inBatchInfoNce: '批内 InfoNCE',
    sigmoidPairs: 'sigmoid 成对损失',
    triplet: '三元组损失',
    cosineDistance: '1 − 余弦',
    euclidean: '欧氏距离',
    queryToPassage: '问题 → 段落',
    both: '双向',
    perDirection: '每个方向一个',
    joint: '合用一个',
    noSameSide: '无',
    amongQuestions: '问题之间',
    amongPassages: '段落之间',
    amongBoth: '问题之间和段落之间',
    contrastBatch: '整批',
    contrastExplicit: '自己的正例和全部负例',
    contrastOwn: '只用自己的',
    noHardness: '关闭',
    inBatchNegatives: '批内负例',
    explicitNegatives: '单独给出的负例',
    allNegatives: '全部负例',
    noScoreMask: '关闭',
    absoluteMargin: '绝对余量',
    relativeMargin: '相对余量',
    noPrefixes: '无',
  },
};
