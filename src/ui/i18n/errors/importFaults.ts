import type { ImportFault } from '../../../domain/errors';
import { wrongFileTypeSentences } from './fileTypes';
import { counted, remarkSentences, type ImportDetails, type ImportWords } from './importRemarks';
import type { Sentence } from './sentence';
import { shortened } from './shortened';

type Place = Pick<ImportDetails, 'file' | 'line' | 'question'>;

/**
 * Sentences by fault: why a row or file was left out, and what to do about it. `name` is the column's name as it is to
 * be quoted.
 */
const sentences: Record<ImportFault, (words: ImportWords) => Sentence> = {
  'empty-file': () => ({
    zh: '文件里没有内容，请选择有内容的文件',
    en: 'the file has no content; choose one that has',
  }),
  'no-rows': () => ({
    zh: '没有数据行，只有列名、标题或空的列表，请补上数据',
    en: 'there are no rows, only column names, headings or an empty list; add rows',
  }),
  'encoding-unknown': () => ({
    zh: '没有认出文字编码，请在读到的前几行旁边选择编码，或另存为 UTF-8',
    en: 'the encoding of the text wasn’t recognised; choose it beside the first rows, or save the file as UTF-8',
  }),
  'binary-file': () => ({
    zh: '这是二进制文件，不是文本，请另存为 XLSX、CSV 或 TXT',
    en: 'this is a binary file, not text; save it as XLSX, CSV or TXT',
  }),
  'wrong-type': ({ fileType }) =>
    fileType
      ? wrongFileTypeSentences[fileType]
      : {
          zh: '这种文件不能导入，请另存为 JSONL、CSV 或 TXT',
          en: 'this type of file can’t be imported; save it as JSONL, CSV or TXT',
        },
  'json-broken': ({ name, field }) => ({
    zh: `JSON 写法有误${field ? `，从“${name}”起读不懂` : ''}，请检查引号、逗号和括号`,
    en: `${field ? `the JSON can’t be read from “${name}” on` : 'broken JSON'}; check the quotes, commas and brackets`,
  }),
  'csv-broken': () => ({
    zh: 'CSV 的列数或引号不对，请检查这一行',
    en: 'the columns or quotes of the CSV don’t match; check this row',
  }),
  'more-cells': ({ name, expected }) => ({
    zh: `这一行有 ${name} 格，列名只有 ${shortened(expected)} 个，请给含分隔符的文字加上双引号`,
    en: `the row has ${name} cells, but there are only ${shortened(expected)} columns; put double quotes around text that contains the separator`,
  }),
  'literal-broken': ({ name, field }) => ({
    zh: `Python 字面量写法有误${field ? `，从“${name}”起读不懂` : ''}，请检查引号和括号`,
    en: `${field ? `the Python literal can’t be read from “${name}” on` : 'broken Python literal'}; check the quotes and brackets`,
  }),
  'xlsx-broken': () => ({
    zh: '这个 Excel 文件打不开，可能已损坏，请用 Excel 或 WPS 打开后另存为 .xlsx',
    en: 'the Excel file can’t be opened and may be damaged; open it in Excel and save it as .xlsx again',
  }),
  'xlsx-too-large': () => ({
    zh: '表格太大，读不进内存，请删掉没有用的行和列，或另存为 CSV',
    en: 'the sheet is too large for memory; delete unused rows and columns, or save it as CSV',
  }),
  'title-row': () => ({
    zh: '这是表格上方或中间的标题，不是数据',
    en: 'this is a title above or inside the table, not data',
  }),
  'front-matter': () => ({
    zh: '这是 Markdown 文件开头的元数据，不是正文',
    en: 'this is the metadata at the start of the Markdown file, not text',
  }),
  'header-repeated': () => ({
    zh: '这一行又是列名，不是数据',
    en: 'the row repeats the column names; it is not data',
  }),
  'headings-unused': ({ name, field }) => ({
    zh: `共有 ${name} 个标题下面没有正文，未生成段落（第一个在这一行）`,
    en:
      field === '1'
        ? '1 heading has no text below it, so it was skipped (it is on this line)'
        : `${shortened(field)} headings have no text below them, so they were skipped (the first is on this line)`,
  }),
  'too-deep': () => ({
    zh: '列表或对象嵌套得太深，请改成一行一条的平铺写法',
    en: 'lists or objects are nested too deeply; write flat records, one per line',
  }),
  'no-known-columns': ({ name, expected }) => ({
    zh: `没有认得的列名：文件里是“${name}”，需要 ${shortened(expected)}`,
    en: `no known column names: the file has “${name}”, but ${shortened(expected)} is needed`,
  }),
  'field-missing': ({ name }) => ({
    zh: `缺少字段“${name}”，请补上`,
    en: `the field “${name}” is missing; add it`,
  }),
  'text-empty': ({ name }) => ({
    zh: `字段“${name}”是空的，请补上文字，或删掉这一行`,
    en: `the field “${name}” is empty; fill it in or delete the row`,
  }),
  'row-empty': () => ({
    zh: '这一行没有任何字段，请补上内容，或删掉这一行',
    en: 'the row has no fields; fill it in or delete it',
  }),
  'not-a-text': ({ name }) => ({
    zh: `字段“${name}”里是列表或对象，这里需要一段文字，请改成文字，或拆成几行`,
    en: `the field “${name}” holds a list or an object where one text is needed; write a text, or split the row`,
  }),
  'not-a-number': ({ name, expected }) => ({
    zh: `“${name}”是“${shortened(expected)}”，不是数字，请改成数字`,
    en: `“${name}” is “${shortened(expected)}”, which is not a number; write a number`,
  }),
  'teacher-scores-count': ({ field, expected }) => ({
    zh: `有 ${shortened(field)} 个教师打分，对应的段落和负例却有 ${shortened(expected)} 条；请每条给一个打分，或删掉打分`,
    en: `${counted(field, 'teacher score')} for ${counted(expected, 'text')}; give one score for the passage and for each negative, or remove the scores`,
  }),
  'teacher-score-range': ({ name, expected }) => ({
    zh: `“${name}”里的教师打分 ${shortened(expected)} 超出 ±1,000,000，请改正`,
    en: `the teacher score ${shortened(expected)} in “${name}” is beyond ±1,000,000; correct it`,
  }),
  'relevant-missing': ({ name }) => ({
    zh: `没有写明哪个段落能回答，请在“${name}”里填上段落的 id`,
    en: `no passage is named as the answer; put its id into “${name}”`,
  }),
  'unknown-passage': ({ name }) => ({
    zh: `段落“${name}”不在知识库里，请改正 id，或补上这个段落`,
    en: `the passage “${name}” isn’t in the knowledge base; correct the id or add the passage`,
  }),
  'reference-ignored': ({ name }) => ({
    zh: `段落“${name}”不在知识库里，这一处已忽略，问题只按其余的段落判分`,
    en: `the passage “${name}” isn’t in the knowledge base; this reference is ignored, and the question keeps its other passages`,
  }),
  'no-known-passage': ({ name }) => ({
    zh: `没有一行指向知识库里的段落（第一处写的是“${name}”），请改正 id，或换用配套的知识库`,
    en: `no row names a passage in the knowledge base (the first names “${name}”); correct the ids, or use the knowledge base that belongs to this file`,
  }),
  'needs-knowledge-base': ({ name }) => ({
    zh: `问答对用“${name}”写明段落的 id，请先导入知识库`,
    en: `the pairs name their passages by id (“${name}”); import the knowledge base first`,
  }),
  'duplicate-id': ({ name }) => ({
    zh: `id“${name}”出现了不止一次，请改成不同的 id`,
    en: `the id “${name}” occurs more than once; make every id unique`,
  }),
  'not-positive': ({ name, expected }) => ({
    zh: `“${name}”是 ${shortened(expected)}，说明两段文字不匹配，这一行不能当作正例训练；要用它，请放到负例一列`,
    en: `“${name}” is ${shortened(expected)}, so the two texts don’t match and can’t be trained as a pair; to use the row, list its text as a negative`,
  }),
  'scored-pairs': () => ({
    zh: '这是两个句子和它们的分数或标签，不是问答对，请把文件导入到“打分句对”',
    en: 'these are two sentences with a score or label, not a question and its answer; import the file as scored pairs',
  }),
  'fewer-cells': ({ name, expected }) => ({
    zh: `这一行只有 ${name} 格，需要 ${shortened(expected)} 格；请用制表符分开各格，或存成有列名的 CSV`,
    en: `the row has ${counted(name, 'cell')}, but ${shortened(expected)} are needed; separate the cells by tabs, or save the file as CSV with column names`,
  }),
  'set-too-long': () => ({
    zh: '一个 set 里的文字超过 64 段，两两配对会太多，请拆成几个 set',
    en: 'the set has more than 64 texts, too many to pair each with every other; split it into several sets',
  }),
  'set-too-short': () => ({
    zh: '一个 set 里至少要有两段文字才能配对，请补上，或删掉这一行',
    en: 'a set needs at least two texts to make a pair; add one, or delete the row',
  }),
  'id-rounded': ({ name, expected }) => ({
    zh: `“${shortened(expected)}”是“${name}”，表格软件舍入了长编号，末尾几位已丢失，所以没有用它；请把这一列设成文本后重新导出`,
    en: `“${shortened(expected)}” is “${name}”: a spreadsheet rounded the long id, and its last digits are lost, so it is not used; format the column as text and export the file again`,
  }),
  'passage-empty': ({ name }) => ({
    zh: `段落“${name}”没有正文，没有用它，请补上正文`,
    en: `the passage “${name}” has no text, so it is not used; add its text`,
  }),
  'unknown-question': ({ name }) => ({
    zh: `判定文件里的问题“${name}”在问题文件里找不到，请改正 id，或补上这个问题`,
    en: `the judgements name the question “${name}”, but no file has it; correct the id or add the question`,
  }),
  'none-judged': () => ({
    zh: '判定文件没有把任何段落判为相关（相关度都不大于 0，或者读不懂），请检查相关度一列',
    en: 'none of its judgements calls a passage relevant: every relevance is 0 or less, or can’t be read; check that column',
  }),
  'trec-broken': () => ({
    zh: '这一行的列和第一行不同，应为“问题 id 0 段落 id 相关度”，或没有 0 的三列，请改正',
    en: 'the line doesn’t have the columns of the first one: question id, 0, passage id and relevance, or the same without 0; correct it',
  }),
  'judgements-alone': () => ({
    zh: '这是判定文件（qrels），只有 id，没有文字；请把它和问题文件一起选中，再导入',
    en: 'these are judgements (qrels): ids without texts; select the file together with the file of questions, and import both',
  }),
  'negative-ignored': ({ name }) => ({
    zh: `负例“${name}”不在知识库里，已忽略这条负例，问答对保留`,
    en: `the negative “${name}” isn’t in the knowledge base; it is ignored, and the pair is kept`,
  }),
  'folder-too-large': ({ name }) => ({
    zh: `文件夹里的文件超过 ${name} 个，或层数太多，请只拖入要用的文件`,
    en: `the folder has more than ${name} files, or is nested too deeply; drop only the files you need`,
  }),
  'file-cut': () => ({
    zh: '文件在一个字的中间断开，最后一行不完整，请重新下载或导出这个文件',
    en: 'the file ends inside a character, so its last row is incomplete; download or export the file again',
  }),
  'gzip-broken': () => ({
    zh: '压缩文件已损坏或不完整，请重新下载',
    en: 'the gzip file is damaged or incomplete; download it again',
  }),
  'sheet-missing': ({ name, expected }) => ({
    zh: `没有工作表“${name}”，文件里有 ${shortened(expected)}，请改正表名`,
    en: `it has no sheet “${name}”, only ${shortened(expected)}; correct the name of the sheet`,
  }),
  'column-missing': ({ name, expected }) => ({
    zh: `没有列“${name}”，文件里有 ${shortened(expected)}，请改正列名`,
    en: `it has no column “${name}”, only ${shortened(expected)}; correct the name of the column`,
  }),
  'reading-unused': ({ name }) => ({
    zh: `这种文件没有“${name}”这一项，请把它去掉`,
    en: `“${name}” does not apply to this kind of file; remove it`,
  }),
  ...remarkSentences,
  'not-an-object': () => ({
    zh: '这一行不是对象，请写成 {"字段": "值"} 的形式',
    en: 'the row is not an object; write it as {"field": "value"}',
  }),
};

/** Says why a row or file was left out, and what to do about it. `field` is the name of the column. */
export function importFaultSentence(details: Omit<ImportDetails, 'kind' | 'file'>): Sentence {
  return sentences[details.fault]({ ...details, name: shortened(details.field, 90) });
}

const isWorkbookName = (file: string): boolean => /\.(xls[xmb]?|et)$/i.test(file);

/**
 * Returns a phrase for a place in a file: the line (called row in a workbook), or the question's number if its line is
 * not known.
 */
export function importPlaceWords({ file, line, question }: Place): Sentence | '' {
  if (line !== undefined) return { zh: `第 ${line} 行`, en: `${isWorkbookName(file) ? 'row' : 'line'} ${line}` };
  if (question !== undefined) return { zh: `第 ${question} 题`, en: `question ${question}` };
  return '';
}

/** Returns the sentence for a file that could not be imported: the place in it, the reason, and what to do about it. */
export function importFailed(details: ImportDetails): Sentence {
  const fault = importFaultSentence(details);
  const file = shortened(details.file);
  const place = importPlaceWords(details);
  return {
    zh: `${file}${place && ` ${place.zh}`}：${fault.zh}。`,
    en: `${file}${place && `, ${place.en}`}: ${fault.en}.`,
  };
}
