import type { DataRole, KeptField } from '../records';
import type { ColumnField } from './fields';

const scoreNames = [
  'score', 'label', 'similarity', 'relevance', '分数', '得分', '标签', '相似度', '相关性', '相关度', '是否相关', 'scores',
  'labels', 'isrelevant', 'relevancescore', 'relevancelabel', 'similarityscore', 'grade', 'rating', 'ratings', '标注', '评分', '打分', '评级',
] as const; // prettier-ignore

/**
 * Column names used by uniem, FlagEmbedding, sentence-transformers, Easy-Dataset and spreadsheets, in the order in
 * which they are tried. Case, spaces, underscores and hyphens are ignored.
 */
export const aliases = {
  passageId: ['id', 'pid', 'docid', 'passageid', 'corpusid', '段落编号', '段落id', '编号', '序号'],
  questionId: ['id', 'qid', 'queryid', 'questionid', '问题编号', '问题id', '编号', '序号'],
  pairId: ['id', 'pairid', '编号', '序号'],
  title: ['title', '标题'],
  passage: [
    'text', 'passage', 'content', 'contents', 'document', 'chunk', 'paragraph', 'body', 'pagecontent', '正文', '内容', '文本', '段落', '知识',
  ],
  anchor: [
    'anchor', 'query', 'question', 'q', 'instruction', 'text', 'sentence1', '问题', '提问', '问', '标准问题', '标准问', '用户问题',
  ],
  positive: [
    'positive', 'positivetext', 'textpos', 'pos', 'positivepassage', 'answer', 'a', 'response', 'output', 'passage',
    'context', 'sentence2', '答案', '回答', '答', '段落', '标准答案', '参考答案', '回答内容', '答复',
  ],
  positiveId: ['positiveid', 'positiveids'],
  /** Looked up only if the row has no text of a positive. */
  otherPositiveId: [
    'pid', 'passageid', 'passageids', 'docid', 'docids', 'corpusid', 'corpusids', '答案编号', '答案id', '段落编号', '段落id',
  ],
  question: ['query', 'question', 'q', 'anchor', 'text', '问题', '提问', '问', '标准问题', '标准问', '用户问题'],
  relevant: [
    'relevant', 'relevantdocs', 'relevantids', 'relevantpassages', 'positiveids', 'positiveid', 'pos', 'pid',
    'passageid', 'passageids', 'docid', 'docids', 'corpusid', 'corpusids', '答案编号', '答案id', '段落编号', '段落id', 'positive', 'positivetext', 'textpos', 'passage', 'context', 'answer',
    'a', 'response', '答案', '回答', '答', '段落', '标准答案', '参考答案', '回答内容', '答复',
  ],
  sentence1: ['sentence1', 'text1', 'text', 'a', 'anchor', 'query', '句子1'],
  sentence2: ['sentence2', 'text2', 'scoredtext', 'b', 'positive', 'response', 'passage', '句子2'],
  /** Columns of a file of judgements (qrels). */
  judgedQuestion: ['queryid', 'qid', 'questionid'],
  judgedPassage: ['corpusid', 'docid', 'documentid', 'pid', 'passageid'],
  score: [...scoreNames],
  /**
   * For the score of a pair, also names that mean ids or texts elsewhere. Those in `unsureLabels` count only with a
   * score.
   */
  pairScore: [
    ...scoreNames, 'relevant', 'target', 'targets', 'gold', 'y', 'rel', 'match', 'matched', 'ismatch', 'isduplicate', 'duplicate', 'correct', 'iscorrect', 'sim',
    '匹配', '是否匹配', '匹配度', '正确', '是否正确', '标记',
  ],
  /** A teacher's scores of the positives and of the negatives. */
  positiveScores: ['posscores', 'positivescores', 'posscore', 'positivescore', '正例得分', '正例分数'],
  negativeScores: ['negscores', 'negativescores', 'negscore', 'negativescore', '负例得分', '负例分数'],
  /** Kept columns are looked up last, among the columns that are still unused. */
  topic: ['topic', 'topics', 'category', 'categories', 'subject', 'theme', '主题', '分类', '类别', '类目', '话题', '栏目'],
  document: [
    'doc', 'docname', 'doctitle', 'documentname', 'documenttitle', 'documentid', 'document', 'source', 'sourcefile',
    'sourcedocument', 'filename', 'file', '文档', '文档名', '文件', '文件名', '来源', '出处', '书名',
  ],
  chunk: ['chunkid', 'chunkindex', 'chunkname', 'chunkno', '分块', '分块编号', '片段', '片段编号'],
} as const; // prettier-ignore
export type AliasList = keyof typeof aliases;

/** The alias list of each kept column, which every role has. */
export const keptLists = { topic: 'topic', document: 'document', chunk: 'chunk' } as const satisfies Record<
  KeptField,
  AliasList
>;

/** The alias list of each field that a column can fill. `input` and negatives have patterns of their own. */
export const fieldAliases: Record<DataRole, Partial<Record<ColumnField, AliasList>>> = {
  knowledgeBase: { text: 'passage', title: 'title', id: 'passageId' },
  pairs: {
    ...{ anchor: 'anchor', positive: 'positive', positiveId: 'positiveId', score: 'pairScore', id: 'pairId' },
    ...{ positiveScores: 'positiveScores', negativeScores: 'negativeScores' },
  },
  questions: { text: 'question', relevant: 'relevant', score: 'score', id: 'questionId' },
  scoredPairs: { sentence1: 'sentence1', sentence2: 'sentence2', score: 'pairScore', id: 'pairId' },
};

/** Names of columns that count as labels only if they hold scores. */
export const unsureLabels: ReadonlySet<string> = new Set(
  aliases.pairScore.filter((name) => !(scoreNames as readonly string[]).includes(name)),
);

/** All column names. Names of one character, such as `a` and 问, are left out, because they could also be a cell. */
export const knownNames: ReadonlySet<string> = new Set(
  Object.values(aliases)
    .flat()
    .filter((name) => name.length > 1),
);

/** Marks of columns that a form requires, such as 问题（必填） and *问题. */
const formMarks = /[（(](?:必填|选填|可选|required|optional)[)）]|[*＊]/g;

/** Returns a column name in lower case, without spaces, underscores, hyphens and `formMarks`. */
export const bareColumnName = (name: string): string =>
  name
    .toLowerCase()
    .replace(formMarks, '')
    .replace(/[\s_-]/g, '');

/** Columns of negatives. A row may have several, such as `negative_1` and `negative_2`. */
export const negativeColumn =
  /^(?:neg|negs|negatives?|negativetexts?|negativepassages?|textneg|hardnegatives?|rejected|rejectedresponses?|负例)\d*$/;

/** Columns that name negatives by the ids of passages, such as `negative_ids`. */
export const negativeIdColumn =
  /^(?:neg|negs|negatives?|hardnegatives?|负例)(?:passages?|docs?|documents?|corpus|p)?ids?\d*$/;

/** A row needs at least one of these columns to be read as a row of the role. */
export const mainColumns: Record<DataRole, AliasList> = {
  knowledgeBase: 'passage',
  pairs: 'anchor',
  questions: 'question',
  scoredPairs: 'sentence1',
};

/** The most common column names of each role, shown to the user. */
export const wantedColumns: Record<DataRole, string> = {
  knowledgeBase: 'text / passage / content',
  pairs: 'anchor / query / question + positive / passage / answer',
  questions: 'text / query / question + relevant / positive_ids',
  scoredPairs: 'sentence1 + sentence2 + score',
};
