import type { AppErrorDetails } from '../../../domain/errors';
import type { ImportRemark } from '../../../domain/import/importFault';
import type { Sentence } from './sentence';
import { shortened } from './shortened';

export type ImportDetails = Extract<AppErrorDetails, { kind: 'import-failed' }>;
export type ImportWords = Pick<ImportDetails, 'field' | 'expected' | 'fileType'> & { name: string };

/** Returns a count that a report holds as text, with its noun: “1 row”, “2 rows”. */
export function counted(count: string | undefined, noun: string): string {
  return `${shortened(count)} ${count === '1' ? noun : `${noun}s`}`;
}

/** Sentences about changed, left-out or unused parts of a file whose rows are kept. */
export const remarkSentences: Record<ImportRemark, (words: ImportWords) => Sentence> = {
  'kept-differs': () => ({
    zh: '这一行的主题、文档或片段和同一个问题前面的行不同，采用了前面的',
    en: 'its topic, document or part of the document differs from that of the question’s earlier row, whose values are kept',
  }),
  'control-replaced': ({ name, field }) => ({
    zh: `从这一行起共有 ${name} 行含有控制字符（例如 NUL）或半个字符，已换成空格或 U+FFFD`,
    en: `control characters such as NUL, or half characters, were replaced by spaces or U+FFFD in ${counted(field, 'row')}, this one first`,
  }),
  'bytes-replaced': () => ({
    zh: '这一行有无法解码的字节，已换成 U+FFFD（�），请对照原文改正',
    en: 'the row has bytes that cannot be decoded; they were replaced by U+FFFD (�), so compare it with the original',
  }),
  'question-unanswered': ({ name }) => ({
    zh: `问题“${name}”没有一个段落被判为正确，按知识库里没有答案处理：不计入检出率，只用来定得分门槛`,
    en: `no passage is judged right for the question “${name}”, so it counts as one without an answer: left out of hit rates, used for score thresholds`,
  }),
  'columns-unused': ({ field }) => ({
    zh: `这些列没有用到：${shortened(field)}`,
    en: `these columns are not used: ${shortened(field)}`,
  }),
  'comments-unused': ({ name, field }) => ({
    zh: `从这一行起共有 ${name} 处注释，注释里的内容没有导入`,
    en: `the file has ${counted(field, 'comment')}, the first on this line; what a comment contains is not imported`,
  }),
  'sheets-unused': ({ field }) => ({
    zh: `只读了一张工作表，这些工作表也有内容，没有导入：${shortened(field)}；要用它们，请在“核对各列”里换工作表`,
    en: `only one sheet was read; these also have content and are not imported: ${shortened(field)}; choose another sheet under “Check the columns”`,
  }),
  'cells-unreadable': ({ name, field, expected }) => ({
    zh: `从这一行起共有 ${name} 个单元格按空白处理：里面是错误值${expected ? `（第一个是 ${shortened(expected)}）` : ''}，或没有保存结果的公式`,
    en: `${counted(field, 'cell')} from this row on ${field === '1' ? 'is' : 'are'} read as empty: ${field === '1' ? 'it holds' : 'they hold'} an error${expected ? ` (the first is ${shortened(expected)})` : ''}, or a formula whose result was not saved`,
  }),
  'values-unused': ({ name, expected }) => ({
    zh: `从这一行起共有 ${shortened(expected)} 行的“${name}”没有用到，因为同一项已由另一列填写`,
    en: `“${name}” is not used in ${counted(expected, 'row')}, this one first, because another column fills the same field`,
  }),
  'column-maybe-label': ({ name, expected }) => ({
    zh: `没有用到的列“${name}”像是标签，有 ${shortened(expected)} 行是 0 或“否”（第一处在这一行）；这些行可能不匹配，请核对，或把这一列设为分数`,
    en: `the unused column “${name}” looks like a label and says 0 or no in ${counted(expected, 'row')}, this one first; these rows may not match, so check them, or set the column to Score`,
  }),
  'file-unused': () => ({
    zh: '判定文件没有提到这个文件里的任何一行，所以这里没有使用它，请把它导入到对应的位置',
    en: 'the judgements name no row of this file for this slot, so it is not used here; import it into the slot where it belongs',
  }),
  'messages-unused': ({ name, field }) => ({
    zh: `只取最后一条用户消息和它的回答，从这一行起共有 ${name} 条消息没有用到`,
    en: `only the last user message and its answer are used; ${counted(field, 'message')} of this and later rows are not`,
  }),
  'negatives-unused': ({ name, field }) => ({
    zh: `从这一行起共有 ${name} 条负例，已随问答对保存；训练默认不用，可以在“负例”阶段选用`,
    en: `the file has ${counted(field, 'negative')}, the first in this row; they are stored with their pairs, and training uses them only if you choose so in the Negatives stage`,
  }),
  'teacher-scores-kept': ({ name, field }) => ({
    zh: `从这一行起共有 ${name} 个问答对带教师打分，已随它们保存；KL 蒸馏可以选用`,
    en: `the file has teacher scores for ${counted(field, 'pair')}, the first in this row; they are stored with their pairs, and KL distillation can use them`,
  }),
  'teacher-scores-missing': ({ name, field }) => ({
    zh: `从这一行起共有 ${name} 个问答对没有教师打分，而文件里别的有；要按数据里的打分蒸馏，请补上，或删掉这些行`,
    en: `teacher scores are missing for ${counted(field, 'pair')} of the file, this one first, while others have them; to distil the scores of the data, add them or delete these rows`,
  }),
  'judged-irrelevant': ({ name, field }) => ({
    zh: `从这一行起共有 ${name} 处评分不大于 0，不算能回答的段落`,
    en: `${counted(field, 'passage')} with a score of 0 or less, the first in this row, won’t count as an answer`,
  }),
  'score-unused': ({ name, field }) => ({
    zh: `从这一行起共有 ${name} 行的分数在 0 和 1 之间，这些行仍当作正例，分数没有用到；不匹配的请删掉`,
    en: `the file has ${counted(field, 'row')} with a score between 0 and 1, this one first; all are kept as pairs whatever the score, so delete those that don’t match`,
  }),
  'questions-merged': ({ name }) => ({
    zh: `这一行和前面的问题“${name}”相同，已合并成一个问题`,
    en: `the row asks the same as the earlier question “${name}” and was merged with it`,
  }),
  'key-repeated': ({ name }) => ({
    zh: `同一个对象里“${name}”写了不止一次，只取最后一个值，请核对`,
    en: `“${name}” occurs more than once in one object; only its last value is used, so check it`,
  }),
  'negatives-not-found': ({ name, field }) => ({
    zh: `从这一行起共有 ${name} 条负例只写了段落的 id，没有知识库就找不到原文，这些负例没有保存；要用它们，请先导入知识库，再导入这个文件`,
    en: `${counted(field, 'negative')} from this row on are given by passage id, so they can’t be looked up without a knowledge base and are not stored; to use them, import the knowledge base first, then this file again`,
  }),
  'values-unread': ({ name, expected }) => ({
    zh: `从这一行起共有 ${shortened(expected)} 行的“${name}”读不懂，没有采用这一格，这些行其余的内容保留`,
    en: `“${name}” can’t be read in ${counted(expected, 'row')}, this one first; that cell is not used, and the rest of the row is kept`,
  }),
  'not-judged': ({ name, field }) => ({
    zh: `从这一行起共有 ${name} 个问题，判定文件里没有能回答它们的段落，这些问题没有采用`,
    en: `the judgements name no right passage for ${counted(field, 'question')}, this one first; they are left out`,
  }),
};
