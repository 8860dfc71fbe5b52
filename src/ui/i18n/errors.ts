import type { DeviceJob } from '../../domain/device';
import type { AppErrorDetails, HubFault, LinkFault, ModelFault } from '../../domain/errors';
import { wrongTypeSentences } from './fileTypes';
import { formatBytes } from './format';

export type Language = 'zh' | 'en';
type Sentence = Record<Language, string>;

function never(_value: never): Sentence {
  return { zh: '出现了未知的错误，请重试。', en: 'An unknown error occurred; try again.' };
}

/** Prepares a name for quoting in a sentence: a missing one becomes “?”, a long one is cut at `limit` characters. */
function short(text: string | undefined, limit = 160): string {
  if (!text) return '?';
  return text.length > limit ? `${text.slice(0, limit)} …` : text;
}

/** A count that a report holds as text, with its noun: “1 row”, “2 rows”. */
function many(count: string | undefined, noun: string): string {
  return `${short(count)} ${count === '1' ? noun : `${noun}s`}`;
}

type ImportDetails = Extract<AppErrorDetails, { kind: 'import-failed' }>;

/** Says why a row or file was left out, and what to do about it. `field` is the name of the column. */
export function importFaultSentence({
  fault,
  field,
  expected,
  fileType,
}: Omit<ImportDetails, 'kind' | 'file'>): Sentence {
  const name = short(field, 90);
  switch (fault) {
    case 'empty-file':
      return { zh: '文件是空的，请选择有内容的文件', en: 'the file is empty; choose one with content' };
    case 'no-rows':
      return {
        zh: '只有列名或空的列表，没有数据行，请补上数据',
        en: 'there are no rows, only column names or an empty list; add rows',
      };
    case 'encoding-unknown':
      return {
        zh: '文字编码不是 UTF-8、GB18030（GBK）或 Big5，请另存为 UTF-8',
        en: 'the text is not UTF-8, GB18030 (GBK) or Big5; save it as UTF-8',
      };
    case 'binary-file':
      return {
        zh: '这是二进制文件，不是文本，请另存为 XLSX、CSV 或 TXT',
        en: 'this is a binary file, not text; save it as XLSX, CSV or TXT',
      };
    case 'wrong-type':
      return fileType
        ? wrongTypeSentences[fileType]
        : {
            zh: '这种文件不能导入，请另存为 JSONL、CSV 或 TXT',
            en: 'files of this type can’t be imported; save it as JSONL, CSV or TXT',
          };
    case 'json-broken':
      return { zh: 'JSON 写法有误，请检查引号、逗号和括号', en: 'broken JSON; check the quotes, commas and brackets' };
    case 'csv-broken':
      return {
        zh: 'CSV 的列数或引号不对，请检查这一行',
        en: 'the columns or quotes of the CSV don’t match; check this row',
      };
    case 'more-cells':
      return {
        zh: `这一行有 ${name} 格，列名只有 ${short(expected)} 个，请给含分隔符的文字加上双引号`,
        en: `the row has ${name} cells, but there are only ${short(expected)} columns; put double quotes around text that contains the separator`,
      };
    case 'literal-broken':
      return {
        zh: 'Python 字面量写法有误，请检查引号和括号',
        en: 'broken Python literal; check the quotes and brackets',
      };
    case 'xlsx-broken':
      return {
        zh: '这个 Excel 文件打不开，可能已损坏，请用 Excel 或 WPS 打开后另存为 .xlsx',
        en: 'the Excel file can’t be opened and may be damaged; open it in Excel and save it as .xlsx again',
      };
    case 'xlsx-too-large':
      return {
        zh: '表格太大，读不进内存，请删掉没有用的行和列，或另存为 CSV',
        en: 'the sheet is too large for memory; delete unused rows and columns, or save it as CSV',
      };
    case 'title-row':
      return {
        zh: '这是表格上方的合并标题，不是数据',
        en: 'this is a merged title above the table, not data',
      };
    case 'front-matter':
      return {
        zh: '这是 Markdown 文件开头的元数据，不是正文',
        en: 'this is the metadata at the start of the Markdown file, not text',
      };
    case 'too-deep':
      return {
        zh: '列表或对象嵌套得太深，请改成一行一条的平铺写法',
        en: 'lists or objects are nested too deeply; write flat records, one per line',
      };
    case 'no-known-columns':
      return {
        zh: `没有认得的列名：文件里是“${name}”，需要 ${short(expected)}`,
        en: `no known column names: the file has “${name}”, but ${short(expected)} is needed`,
      };
    case 'field-missing':
      return { zh: `缺少字段“${name}”，请补上`, en: `the field “${name}” is missing; add it` };
    case 'text-empty':
      return {
        zh: `字段“${name}”是空的，请补上文字，或删掉这一行`,
        en: `the field “${name}” is empty; fill it in or delete the row`,
      };
    case 'relevant-missing':
      return {
        zh: '没有写明哪个段落能回答，请在 relevant 里填上段落的 id',
        en: 'no passage is named as the answer; put its id into relevant',
      };
    case 'unknown-passage':
      return {
        zh: `段落“${name}”不在知识库里，请改正 id，或补上这个段落`,
        en: `the passage “${name}” isn’t in the knowledge base; correct the id or add the passage`,
      };
    case 'reference-ignored':
      return {
        zh: `段落“${name}”不在知识库里，这一处已忽略，问题只按其余的段落判分`,
        en: `the passage “${name}” isn’t in the knowledge base; this reference is ignored, and the question keeps its other passages`,
      };
    case 'no-known-passage':
      return {
        zh: `没有一行指向知识库里的段落（第一处写的是“${name}”），请改正 id，或换用配套的知识库`,
        en: `no row names a passage in the knowledge base (the first names “${name}”); correct the ids, or use the knowledge base that belongs to this file`,
      };
    case 'needs-knowledge-base':
      return {
        zh: `问答对用“${name}”写明段落的 id，请先导入知识库`,
        en: `the pairs name their passages by id (“${name}”); import the knowledge base first`,
      };
    case 'duplicate-id':
      return {
        zh: `id“${name}”出现了不止一次，请改成不同的 id`,
        en: `the id “${name}” occurs more than once; make every id unique`,
      };
    case 'not-positive':
      return {
        zh: `“${name}”是 ${short(expected)}，说明两段文字不匹配，这一行不能当作正例训练；要用它，请放到负例一列`,
        en: `“${name}” is ${short(expected)}, so the two texts don’t match and can’t be trained as a pair; to use the row, list its text as a negative`,
      };
    case 'set-too-long':
      return {
        zh: '一个 set 里的文字超过 64 段，两两配对会太多，请拆成几个 set',
        en: 'the set has more than 64 texts, too many to pair each with each; split it into several sets',
      };
    case 'unknown-question':
      return {
        zh: `判定文件里的问题“${name}”在问题文件里找不到，请改正 id，或补上这个问题`,
        en: `the judgements name the question “${name}”, but no file has it; correct the id or add the question`,
      };
    case 'file-cut':
      return {
        zh: '文件在一个字的中间断开，最后一行不完整，请重新下载或导出这个文件',
        en: 'the file ends inside a character, so its last row is incomplete; download or export the file again',
      };
    case 'gzip-broken':
      return {
        zh: '压缩文件已损坏或不完整，请重新下载',
        en: 'the gzip file is damaged or incomplete; download it again',
      };
    case 'control-replaced':
      return {
        zh: `从这一行起共有 ${name} 行含有控制字符（例如 NUL）或半个字符，已换成空格或 U+FFFD`,
        en: `control characters such as NUL, or half characters, were replaced by spaces or U+FFFD in ${many(field, 'row')}, this one first`,
      };
    case 'bytes-replaced':
      return {
        zh: '这一行有无法解码的字节，已换成 U+FFFD（�），请对照原文改正',
        en: 'the row has bytes that cannot be decoded; they were replaced by U+FFFD (�), so compare it with the original',
      };
    case 'columns-unused':
      return {
        zh: `这些列没有用到：${short(field)}`,
        en: `these columns are not used: ${short(field)}`,
      };
    case 'file-unused':
      return {
        zh: '判定文件没有提到这个文件里的任何一行，这里没有用它，请把它导入到对应的位置',
        en: 'the judgements name no row of this file for this place, so it is not used here; import it where it belongs',
      };
    case 'messages-unused':
      return {
        zh: `只取最后一条用户消息和它的回答，从这一行起共有 ${name} 条消息没有用到`,
        en: `only the last user message and its answer are used; ${many(field, 'message')} of this and later rows are not`,
      };
    case 'negatives-unused':
      return {
        zh: `从这一行起共有 ${name} 条负例，已随问答对保存，但训练还用不到它们`,
        en: `the file has ${many(field, 'negative')}, the first in this row; they are stored with their pairs, but training doesn’t use them yet`,
      };
    case 'judged-irrelevant':
      return {
        zh: `从这一行起共有 ${name} 处评分不大于 0，不算能回答的段落`,
        en: `${many(field, 'passage')} with a score of 0 or less, the first in this row, won’t count as an answer`,
      };
    case 'score-unused':
      return {
        zh: `从这一行起共有 ${name} 行的分数在 0 和 1 之间，这些行仍当作正例，分数没有用到；不匹配的请删掉`,
        en: `the file has ${many(field, 'row')} with a score between 0 and 1, this one first; all are kept as pairs whatever the score, so delete those that don’t match`,
      };
    case 'questions-merged':
      return {
        zh: `这一行和前面的问题“${name}”相同，已合并成一个问题`,
        en: `the row asks the same as the earlier question “${name}” and was merged with it`,
      };
    case 'not-an-object':
      return {
        zh: '这一行不是对象，请写成 {"字段": "值"} 的形式',
        en: 'the row is not an object; write it as {"field": "value"}',
      };
    default:
      return never(fault satisfies never);
  }
}

type ModelDetails = Extract<AppErrorDetails, { kind: 'model-invalid' }>;

function modelFaultSentence(fault: ModelFault, details: ModelDetails): Sentence {
  const tensor = short(details.tensor, 90);
  const expected = short(details.expected);
  const found = short(details.found);
  switch (fault) {
    case 'missing-file':
      return {
        zh: '文件夹里没有这个文件，请选择完整的模型文件夹',
        en: 'it isn’t in the folder; choose the complete model folder',
      };
    case 'several-models':
      return {
        zh: `文件夹里有几个模型（“${expected}”和“${found}”），请只选择其中一个的文件夹`,
        en: `there are several models (“${expected}” and “${found}”); choose the folder of one of them`,
      };
    case 'lfs-pointer':
      return {
        zh: '这是 Git LFS 指针，不是文件本身，请先运行 git lfs pull，或从网页下载原文件',
        en: 'this is a Git LFS pointer, not the file itself; run git lfs pull, or download the file from the web page',
      };
    case 'not-utf8':
      return {
        zh: '文字编码不是 UTF-8，请重新下载这个文件',
        en: 'its text is not UTF-8; download the file again',
      };
    case 'not-json':
      return { zh: '不是有效的 JSON，请重新下载这个文件', en: 'it is not valid JSON; download the file again' };
    case 'unsupported-architecture':
      return {
        zh: `架构“${found}”不支持，请使用 BERT 类编码器`,
        en: `the architecture “${found}” is not supported; use a BERT-type encoder`,
      };
    case 'empty':
      return { zh: '文件是空的，请重新下载', en: 'it is empty; download it again' };
    case 'truncated':
      return {
        zh: `文件不完整（应有 ${expected} 字节，实有 ${found} 字节），请重新下载`,
        en: `it is cut short (${expected} bytes expected, ${found} found); download it again`,
      };
    case 'header-invalid':
      return {
        zh: 'safetensors 文件头无效，请重新下载，或换用 safetensors 格式',
        en: 'its safetensors header is invalid; download it again, or use the safetensors format',
      };
    case 'index-invalid':
      return {
        zh: '分片清单读不出来，请重新下载这个文件',
        en: 'the list of shards can’t be read; download the file again',
      };
    case 'pickle-unsupported':
      return {
        zh: `文件里有 ${found}，读取张量用不到它，为安全起见不予读取，请换用 safetensors 格式`,
        en: `it contains ${found}, which tensors do not need, so for safety it is not read; use the safetensors format`,
      };
    case 'pickle-invalid':
      return {
        zh: `PyTorch 权重读不出来（${found}），请重新下载，或换用 safetensors 格式`,
        en: `the PyTorch weights can’t be read (${found}); download the file again, or use the safetensors format`,
      };
    case 'tensor-missing':
      return {
        zh: `缺少张量“${tensor}”，请确认这是 BERT 类编码器的完整权重`,
        en: `the tensor “${tensor}” is missing; make sure that the file has all weights of a BERT-type encoder`,
      };
    case 'tensor-shape':
      return {
        zh: `张量“${tensor}”的形状是 ${found}，按 config.json 应为 ${expected}，请使用配套的文件`,
        en: `the tensor “${tensor}” has the shape ${found}, but config.json asks for ${expected}; use files that belong together`,
      };
    case 'tensor-dtype':
      return {
        zh: `张量“${tensor}”的类型 ${found} 不支持，请使用 float32、float16 或 bfloat16`,
        en: `the tensor “${tensor}” has the type ${found}, which is not supported; use float32, float16 or bfloat16`,
      };
    case 'tensor-unknown':
      return {
        zh: `编码器里多出张量“${tensor}”，config.json 没有描述它，请使用配套的文件`,
        en: `the encoder has a tensor “${tensor}” that config.json does not describe; use files that belong together`,
      };
    case 'tensor-not-finite':
      return {
        zh: `张量“${tensor}”里有 ${found}，这份权重已损坏，请换用完好的权重`,
        en: `the tensor “${tensor}” contains ${found}, so the weights are damaged; use intact ones`,
      };
    case 'two-encoders':
      return {
        zh: `文件里有两个编码器（“${expected}”和“${found}”），请使用只含一个编码器的权重`,
        en: `it holds two encoders (“${expected}” and “${found}”); use weights with a single encoder`,
      };
    case 'module-unsupported':
      return {
        zh: `模型带有模块“${found}”，这里还不能应用和训练它，略去又会改变向量，请换用没有这个模块的模型`,
        en: `the model has the module “${found}”, which can’t be applied and trained here, and without it the vectors would differ; use a model without it`,
      };
    case 'vocabulary-mismatch':
      return {
        zh: `分词器有 ${found} 个词，权重只容得下 ${expected} 个，请使用配套的 tokenizer.json`,
        en: `the tokenizer has ${found} entries, but the model’s embedding table has only ${expected}; use the tokenizer.json that belongs to them`,
      };
    case 'tokenizer-invalid':
      return {
        zh: '分词器读不出来，请使用 WordPiece 或 Unigram 的 tokenizer.json',
        en: 'the tokenizer can’t be read; use a WordPiece or Unigram tokenizer.json',
      };
    case 'pooling-unsupported':
      return {
        zh: `池化方式“${found}”不支持，请使用平均、[CLS] 或末个 token 池化的模型`,
        en: `the pooling “${found}” is not supported; use a model with mean, [CLS] or last-token pooling`,
      };
    default:
      return never(fault satisfies never);
  }
}

function linkFaultSentence(fault: LinkFault): Sentence {
  switch (fault) {
    case 'cut':
      return {
        zh: '链接不完整，可能是复制时截断了，请重新复制整条链接。',
        en: 'The link is incomplete, perhaps cut off while copying; copy the whole link again.',
      };
    case 'tampered':
      return {
        zh: '链接的校验和不对，内容被改动过，请向分享者要一条新链接。',
        en: 'The link’s checksum doesn’t match, so the link was changed on the way; ask the sender for a new one.',
      };
    case 'too-new':
      return {
        zh: '链接来自更新的版本，请先更新召回工坊再打开。',
        en: 'The link comes from a newer version; update Recallsmith, then open it.',
      };
    case 'too-large':
      return {
        zh: '链接的内容太多，请让分享者改用 experiment.json 文件。',
        en: 'The link holds too much; ask the sender for the experiment.json file instead.',
      };
    case 'invalid':
      return {
        zh: '这不是召回工坊的实验链接，请检查是不是复制错了。',
        en: 'This is not a Recallsmith experiment link; check what you copied.',
      };
    default:
      return never(fault satisfies never);
  }
}

type HubDetails = Extract<AppErrorDetails, { kind: 'hub-failed' }>;

/** Says what went wrong with a host, and how to choose another one on the page or on the command line. */
function hubFaultSentence(fault: HubFault, details: HubDetails, onCommandLine: boolean): Sentence {
  const [host, id, file, found] = [short(details.host), short(details.id), short(details.file), short(details.found)];
  const other = onCommandLine
    ? { zh: '用 --hub-host 换一个来源', en: 'choose another host with --hub-host' }
    : { zh: '换一个来源', en: 'choose another host' };
  const token = onCommandLine
    ? {
        zh: '在 RECALLSMITH_HUB_TOKEN 里给出有权限的访问令牌',
        en: 'give a token that has access in RECALLSMITH_HUB_TOKEN',
      }
    : { zh: '填写有权限的访问令牌', en: 'give a token that has access' };
  const folder = onCommandLine
    ? { zh: '自行下载后在 locations.model 中写明文件夹', en: 'name its folder in locations.model' }
    : { zh: '自行下载后选择文件夹', en: 'choose its folder' };
  switch (fault) {
    case 'id-invalid':
      return {
        zh: `“${found}”不是模型编号，请写成 BAAI/bge-base-zh-v1.5 这样的形式。`,
        en: `“${found}” is not the id of a model; write it like BAAI/bge-base-zh-v1.5.`,
      };
    case 'host-invalid':
      return {
        zh: `“${found}”不是主机地址，请写成 https://models.example.org 这样的形式。`,
        en: `“${found}” is not the address of a host; write it like https://models.example.org.`,
      };
    case 'no-model':
      return {
        zh: `${host} 上没有模型 ${id}，请检查编号，或${other.zh}。`,
        en: `${host} has no model ${id}; check the id, or ${other.en}.`,
      };
    case 'no-revision':
      return {
        zh: `${host} 上的 ${id} 没有这个版本，请检查版本的写法，或不写版本。`,
        en: `${id} on ${host} has no such revision; check how it is written, or leave it out.`,
      };
    case 'needs-token':
      return {
        zh: `${host} 不向未登录的人提供 ${id}：它不存在，或者要先在网站上申请；请检查编号，或${token.zh}。`,
        en: `${host} doesn’t give ${id} to everyone: it doesn’t exist, or access must be requested there; check the id, or ${token.en}.`,
      };
    case 'offline':
      return {
        zh: `现在没有网络，连不上 ${host}；已下载的部分都在，联网后可以接着下载。`,
        en: `There is no network, so ${host} can’t be reached; what has arrived is kept, and you can resume once you are online.`,
      };
    case 'blocked':
      return {
        zh: `${host} 没有应答，或者不允许其他网站的页面从它那里下载；请检查网络，${other.zh}，或${folder.zh}。`,
        en: `${host} doesn’t answer, or doesn’t allow downloads by pages of other sites; check the connection, ${other.en}, or download the model yourself and ${folder.en}.`,
      };
    case 'broken-off':
      return {
        zh: `与 ${host} 的连接一再中断；已下载的部分都在，请稍后接着下载，或${other.zh}。`,
        en: `The connection to ${host} broke off repeatedly; what has arrived is kept, so resume later, or ${other.en}.`,
      };
    case 'html':
      return {
        zh: `${host} 发来的是网页，不是${details.file === undefined ? '文件列表' : `文件 ${file}`}，可能要先登录网络；请检查网络，或${other.zh}。`,
        en: `${host} sent a web page instead of ${details.file === undefined ? 'the list of files' : file}, perhaps because the network asks you to sign in; check the connection, or ${other.en}.`,
      };
    case 'listing-invalid':
      return {
        zh: `看不懂 ${host} 发来的文件列表，请检查地址，或${other.zh}。`,
        en: `The list of files from ${host} can’t be read; check its address, or ${other.en}.`,
      };
    case 'size-differs':
      return {
        zh: `${file} 的大小不对（列表上是 ${short(details.expected)} 字节，收到 ${found} 字节），没有采用；请重新下载，或${other.zh}。`,
        en: `${file} has the wrong size (${short(details.expected)} bytes listed, ${found} received) and was discarded; download it again, or ${other.en}.`,
      };
    case 'hash-differs':
      return {
        zh: `${file} 的内容和 ${host} 公布的哈希不一致，没有采用；请重新下载，或${other.zh}。`,
        en: `The content of ${file} doesn’t match the hash that ${host} lists and was discarded; download it again, or ${other.en}.`,
      };
    case 'refused':
      return {
        zh: `${host} 拒绝了下载（状态 ${details.status ?? 0}），请稍后再试，或${other.zh}。`,
        en: `${host} refused the download (status ${details.status ?? 0}); try again later, or ${other.en}.`,
      };
    case 'file-missing':
      return {
        zh: `${host} 上的 ${id} 没有 ${file}，请换一个有这个文件的模型或版本。`,
        en: `${id} on ${host} has no ${file}; choose a model or revision that has it.`,
      };
    case 'weights-unsupported':
      return {
        zh: `${host} 上的 ${id} 没有能读的权重（只有 ${found}），请换一个有 model.safetensors 的版本。`,
        en: `${id} on ${host} has no weights that can be read (only ${found}); choose a revision with model.safetensors.`,
      };
    case 'elsewhere':
      return {
        zh: '已经有一个模型正在下载，可能在另一个标签页里，请等它下完，或先暂停它。',
        en: 'Another model is being downloaded, perhaps in another tab; wait for it, or pause it first.',
      };
    default:
      return never(fault satisfies never);
  }
}

/** Why the device can't take another job: it is busy with this one. */
const busySentences: Record<DeviceJob, Sentence> = {
  run: { zh: '正在训练，请等它结束，或先取消它。', en: 'A run is in progress; wait for it, or cancel it first.' },
  benchmark: {
    zh: '正在测试本机性能，请等它测完，或先取消它。',
    en: 'The benchmark is running; wait for it, or cancel it first.',
  },
  export: { zh: '正在核对导出的模型，请稍等片刻。', en: 'An exported model is being checked; wait a moment.' },
};

/** A benchmark has no batch size to reduce and no checkpoint to resume from, so it has its own remedies. */
function benchmarkStopped(details: Extract<AppErrorDetails, { kind: 'benchmark-stopped' }>): Sentence {
  switch (details.cause) {
    case 'memory':
      return {
        zh: '测量时内存不足，请只测演示模型，或在“训练”阶段调低内存预算、关闭其他程序，然后再测。',
        en: 'Memory ran out while measuring; measure only the demo model, lower the memory budget in the train stage, or close other programs, then measure again.',
      };
    case 'device':
      return {
        zh: `测量时与显卡的连接断了（${short(details.reason)}），请再测一次；如果还是这样，请更新显卡驱动，或改用 CPU。`,
        en: `The GPU was lost while measuring (${short(details.reason)}); measure again. If it happens again, update the driver or use the CPU.`,
      };
    case 'worker':
      return {
        zh: `测量时计算线程意外停止（${short(details.reason)}），请再测一次；如果还是这样，请只测演示模型。`,
        en: `The compute worker stopped while measuring (${short(details.reason)}); measure again. If it happens again, measure only the demo model.`,
      };
    default:
      return never(details satisfies never);
  }
}

const roleNames: Record<string, Sentence> = {
  knowledgeBase: { zh: '知识库', en: 'knowledge base' },
  pairs: { zh: '训练问答对', en: 'training pairs' },
  questions: { zh: '问题', en: 'questions' },
  scoredPairs: { zh: '评分对', en: 'scored pairs' },
};
const partNames: Record<'dev' | 'test', Sentence> = {
  dev: { zh: '验证问题', en: 'dev questions' },
  test: { zh: '测试问题', en: 'test questions' },
};
function roleName({ role, part }: Extract<AppErrorDetails, { kind: 'data-missing' }>): Sentence {
  return (part && partNames[part]) ?? roleNames[role] ?? { zh: role, en: role };
}
const whatNames: Record<Extract<AppErrorDetails, { kind: 'not-found' }>['what'], Sentence> = {
  experiment: { zh: '实验', en: 'experiment' },
  run: { zh: '训练记录', en: 'run' },
  dataset: { zh: '数据集', en: 'data set' },
  model: { zh: '模型', en: 'model' },
  checkpoint: { zh: '检查点', en: 'checkpoint' },
  evaluation: { zh: '评测', en: 'evaluation' },
  tokens: { zh: '分词结果', en: 'token set' },
  file: { zh: '文件', en: 'file' },
};

/** The place in a file: the line, or the number of the question if its line is no longer known. */
export function placeWords({ line, question }: { line?: number; question?: number }): Sentence | '' {
  if (line !== undefined) return { zh: `第 ${line} 行`, en: `line ${line}` };
  if (question !== undefined) return { zh: `第 ${question} 题`, en: `question ${question}` };
  return '';
}

function importFailed(details: ImportDetails): Sentence {
  const fault = importFaultSentence(details);
  const file = short(details.file);
  const place = placeWords(details);
  return {
    zh: `${file}${place && ` ${place.zh}`}：${fault.zh}。`,
    en: `${file}${place && `, ${place.en}`}: ${fault.en}.`,
  };
}

/**
 * The sentence for the command line where it differs from the page's: it names a field of the experiment file or an
 * option instead of a stage. Null if the page's sentence fits both.
 */
function remedyInFile(details: AppErrorDetails, file: string): Sentence | null {
  const missing = (what: Sentence, field: string): Sentence => ({
    zh: `缺少${what.zh}，请在 ${file} 的 ${field} 中写明路径。`,
    en: `No ${what.en} given; write the path into ${field} of ${file}.`,
  });
  switch (details.kind) {
    case 'data-missing': {
      const field = details.role === 'questions' ? `${details.part ?? 'test'}Questions` : details.role;
      return missing(roleName(details), `locations.${field}`);
    }
    case 'model-missing':
      return missing({ zh: '基座模型', en: 'base model' }, 'locations.model');
    case 'nothing-to-evaluate':
      return details.part === 'test'
        ? {
            zh: `没有可用的测试问题，请在 ${file} 的 locations.testQuestions 中写明，它们的段落要在知识库里。`,
            en: `There are no usable test questions; in locations.testQuestions of ${file}, name questions whose passages are in the knowledge base.`,
          }
        : {
            zh: `没有可用的验证问题，请在 ${file} 中写明 locations.devQuestions，或提高 split.devFraction。`,
            en: `There are no usable dev questions; name some in locations.devQuestions of ${file}, or raise split.devFraction.`,
          };
    case 'import-failed':
      return details.fault === 'needs-knowledge-base'
        ? {
            zh: `${short(details.file)}：问答对用 id 写明段落，请在 ${file} 的 locations.knowledgeBase 中写明知识库。`,
            en: `${short(details.file)}: the pairs name their passages by id; name the knowledge base in locations.knowledgeBase of ${file}.`,
          }
        : null;
    case 'gpu-unavailable':
      return {
        zh: `显卡无法使用（${short(details.reason)}），请更新显卡驱动，或用 --device wasm。`,
        en: `The GPU can’t be used (${short(details.reason)}); update its driver, or use --device wasm.`,
      };
    case 'half-unavailable':
      return {
        zh: `这台设备不支持混合精度（WebGPU 的 shader-f16），请从实验文件中去掉 stages[${details.stage}].precision，或换一台设备。`,
        en: `This device doesn’t support mixed precision (WebGPU’s shader-f16); remove stages[${details.stage}].precision from the experiment file, or use another device.`,
      };
    case 'memory-too-small':
      return memoryTooSmall(details, file);
    case 'gpu-out-of-memory': {
      const need = neededWords(details);
      return {
        zh: `内存不足${need.zh}，请用 --memory 给出更低的预算，或在 ${file} 中减小 batching.batchSize 或 model.maxTokens，再运行一次命令：会重新开始训练。`,
        en: `Memory ran out${need.en}; give a lower budget with --memory, or reduce batching.batchSize or model.maxTokens of ${file}, and run the command again, which starts a new run.`,
      };
    }
    default:
      return null;
  }
}

function tooFewPairs({ pairs, batchSize, distinct }: Extract<AppErrorDetails, { kind: 'too-few-pairs' }>): Sentence {
  switch (distinct) {
    case undefined:
      return {
        zh: `只有 ${pairs} 个问答对，不够一批（${batchSize}），请减小批大小，或补充问答对。`,
        en: `There are too few pairs (${pairs}) for a batch of ${batchSize}; reduce the batch size or add pairs.`,
      };
    case 'passages':
      return {
        zh: `问答对里只有 ${pairs} 个不同的段落，不够一批（${batchSize}），因为同一批里段落不能重复。请减小批大小，补充问答对，或允许段落重复。`,
        en: `The pairs have too few different passages (${pairs}) for a batch of ${batchSize}, as no passage may be in a batch twice; reduce the batch size, add pairs, or allow repeated passages.`,
      };
    case 'anchors':
      return {
        zh: `问答对里只有 ${pairs} 个不同的问题，不够一批（${batchSize}），因为同一批里问题不能重复。请减小批大小，补充问答对，或允许重复。`,
        en: `The pairs have too few different questions (${pairs}) for a batch of ${batchSize}, as no question may be in a batch twice; reduce the batch size, add pairs, or allow repetitions.`,
      };
    case 'together':
      return {
        zh: `凑不满一批（${batchSize}）：段落和问题都不重复的问答对，一批只找到 ${pairs} 个。请减小批大小，补充问答对，或允许重复。`,
        en: `A batch of ${batchSize} can’t be filled: only ${pairs} pairs without a repeated passage or question were found for one; reduce the batch size, add pairs, or allow repetitions.`,
      };
    default:
      return never(distinct satisfies never);
  }
}

function neededWords({ neededBytes }: Extract<AppErrorDetails, { kind: 'gpu-out-of-memory' }>): Sentence {
  if (!neededBytes) return { zh: '', en: '' };
  return { zh: `（需要 ${formatBytes(neededBytes)}）`, en: ` (${formatBytes(neededBytes)} needed)` };
}

type MemoryDetails = Extract<AppErrorDetails, { kind: 'memory-too-small' }>;

/** Says what the run needs and what helps, in the names of the page or, with `file`, of the experiment file. */
function memoryTooSmall(details: MemoryDetails, file?: string): Sentence {
  const lack = memoryLack(details);
  const ways = memoryRemedies(details, file);
  return {
    zh: `${lack.zh}；请${ways.map(({ zh }) => zh).join('，或')}。`,
    en: `${lack.en}; ${ways.map(({ en }) => en).join(', or ')}.`,
  };
}

function memoryLack({ limit, neededBytes, limitBytes, canRaise }: MemoryDetails): Sentence {
  const [need, most] = [formatBytes(neededBytes), formatBytes(limitBytes)];
  if (limit === 'array')
    return {
      zh: `这次训练有一个数组需要 ${need}，而这台设备的一个数组最多 ${most}`,
      en: `One array of the run needs ${need}, but this device allows at most ${most} per array`,
    };
  if (!canRaise)
    return {
      zh: `这次训练至少需要内存 ${need}，超出了 CPU（WebAssembly）能用的内存，预算 ${most}`,
      en: `The run needs at least ${need} of memory, more than WebAssembly can use on the CPU; the budget is ${most}`,
    };
  return {
    zh: `这次训练至少需要内存 ${need}，预算只有 ${most}`,
    en: `The run needs at least ${need} of memory, but the budget is ${most}`,
  };
}

/**
 * The settings that would fit, and other ways out. A larger budget is offered only if the budget is the limit and the
 * device can use more.
 */
function memoryRemedies(
  { limit, canRaise, maxTokens, batchSize, mixedStage }: MemoryDetails,
  file?: string,
): Sentence[] {
  const ways: Sentence[] = [];
  if (maxTokens !== undefined) {
    const field = file && { zh: ` ${file} 的 model.maxTokens `, en: `model.maxTokens of ${file} to ${maxTokens}` };
    ways.push({
      zh: `把${field ? field.zh : '最大 token 数'}减到 ${maxTokens}`,
      en: field ? `set ${field.en}` : `cut texts at ${maxTokens} tokens`,
    });
  }
  if (batchSize !== undefined) {
    const field = file && {
      zh: ` ${file} 的 batching.batchSize `,
      en: `batching.batchSize of ${file} to ${batchSize}`,
    };
    ways.push({
      zh: `把${field ? field.zh : '批大小'}减到 ${batchSize}`,
      en: field ? `set ${field.en}` : `reduce the batch size to ${batchSize}`,
    });
  }
  if (mixedStage !== undefined)
    ways.push(
      file
        ? {
            zh: `把 ${file} 的 stages[${mixedStage}].precision 设为 "mixed"`,
            en: `set stages[${mixedStage}].precision of ${file} to "mixed"`,
          }
        : { zh: '改用混合精度', en: 'use mixed precision' },
    );
  if (limit === 'array') ways.push({ zh: '换用更小的模型，或另一台设备', en: 'use a smaller model or another device' });
  else if (canRaise)
    ways.push(
      file
        ? { zh: '用 --memory 提高内存预算', en: 'raise the budget with --memory' }
        : { zh: '提高内存预算', en: 'raise the memory budget' },
    );
  else ways.push({ zh: '换用更小的模型，或有 WebGPU 的设备', en: 'use a smaller model or a device with WebGPU' });
  return ways;
}

/**
 * Says in both languages what went wrong, where, and what to do. With `experimentFile`, the name of the file that the
 * command line runs, the remedies name fields of that file; without it, they name places on the page.
 */
export function errorSentences(details: AppErrorDetails, experimentFile?: string): Sentence {
  const inFile = experimentFile === undefined ? null : remedyInFile(details, short(experimentFile));
  if (inFile) return inFile;
  const experiment = short(experimentFile ?? 'experiment.json');
  switch (details.kind) {
    case 'import-failed':
      return importFailed(details);
    case 'model-invalid': {
      const fault = modelFaultSentence(details.fault, details);
      return { zh: `${short(details.file)}：${fault.zh}。`, en: `${short(details.file)}: ${fault.en}.` };
    }
    case 'experiment-invalid': {
      const top = details.path === '';
      const at = top
        ? { zh: '的内容', en: '' }
        : { zh: `的 ${short(details.path)} 处`, en: ` at ${short(details.path)}` };
      const want = details.expected
        ? {
            zh: `应为 ${short(details.expected)}，`,
            en: `${top ? '' : ','} where ${short(details.expected)} is expected`,
          }
        : { zh: '', en: '' };
      return {
        zh: `${experiment} ${at.zh}是 ${short(details.found)}，${want.zh}请改正后再试。`,
        en: `${experiment} has ${short(details.found)}${at.en}${want.en}; correct it and try again.`,
      };
    }
    case 'experiment-too-new':
      return {
        zh: `${experiment} 由更新的版本写成（格式 ${details.version}，本程序支持到 ${details.supported}），请先更新召回工坊。`,
        en: `${experiment} was made by a newer version of Recallsmith (format ${details.version}; this one reads up to ${details.supported}); update Recallsmith first.`,
      };
    case 'data-missing': {
      const role = roleName(details);
      return {
        zh: `缺少${role.zh}，请在“导入”阶段添加文件。`,
        en: `There is no file with the ${role.en} yet; add it in the import stage.`,
      };
    }
    case 'model-missing':
      return {
        zh: '缺少基座模型，请在“导入”阶段选择它的文件夹。',
        en: 'There is no base model yet; choose its folder in the import stage.',
      };
    case 'too-few-pairs':
      return tooFewPairs(details);
    case 'nothing-to-evaluate':
      return details.part === 'test'
        ? {
            zh: '没有可用的测试问题，请在“导入”阶段添加，它们的段落要在知识库里。',
            en: 'There are no usable test questions; in the import stage, add questions whose passages are in the knowledge base.',
          }
        : {
            zh: '没有可用的验证问题，请添加，或在“划分”阶段多拿些问答对做验证。',
            en: 'There are no usable dev questions; add some, or keep a larger share of the pairs for dev in the split stage.',
          };
    case 'link-invalid':
      return linkFaultSentence(details.fault);
    case 'quota-exceeded': {
      const need =
        details.neededBytes > 0
          ? {
              zh: `还需要 ${formatBytes(details.neededBytes)}，`,
              en: ` (${formatBytes(details.neededBytes)} more needed)`,
            }
          : { zh: '', en: '' };
      return {
        zh: `磁盘空间不足，${need.zh}请腾出空间，或删除不用的实验，然后再试。`,
        en: `The disk is full${need.en}; make room or delete experiments you no longer need, then try again.`,
      };
    }
    case 'storage-failed':
      return {
        zh: `浏览器存储无法读写（${short(details.reason)}），请重新载入页面；如果还是不行，请退出无痕模式。`,
        en: `The browser’s storage can’t be used (${short(details.reason)}); reload the page. If it happens again, leave private mode.`,
      };
    case 'worker-crashed':
      return details.worker === 'gpu'
        ? {
            zh: `计算线程意外停止（${short(details.reason)}）。进度已保存，可以从最近的检查点接着训练。`,
            en: `The compute worker stopped (${short(details.reason)}). Progress is saved; resume from the last checkpoint.`,
          }
        : {
            zh: `数据线程意外停止（${short(details.reason)}）。已保存的内容还在，请重试。`,
            en: `The data worker stopped (${short(details.reason)}). Everything that was stored is still there; try again.`,
          };
    case 'project-too-new':
      return {
        zh: `${short(details.file)} 来自更新的版本（格式 ${details.version}，本程序支持到 ${details.supported}），请先更新召回工坊。`,
        en: `${short(details.file)} comes from a newer version (format ${details.version}; this one reads up to ${details.supported}); update Recallsmith first.`,
      };
    case 'project-invalid':
      return {
        zh: `${short(details.file)}${details.entry ? ` 中的 ${short(details.entry)}` : ''} 读不出来（${short(details.reason)}），请重新保存，或换一份项目文件；本机已有的内容没有改动。`,
        en: `${short(details.file)}${details.entry ? `, entry ${short(details.entry)},` : ''} can’t be read (${short(details.reason)}); save the project again, or use another copy. Nothing here was changed.`,
      };
    case 'checkpoint-corrupt':
      return {
        zh: `检查点 ${details.generation} 已损坏，会从上一个检查点接着训练；如果再次出现，请重新开始训练。`,
        en: `Checkpoint ${details.generation} is damaged; the run resumes from the one before it. If it happens again, start a new run.`,
      };
    case 'gpu-unavailable':
      return {
        zh: `显卡无法使用（${short(details.reason)}），请更新显卡驱动，或在“设置”里改用 CPU。`,
        en: `The GPU can’t be used (${short(details.reason)}); update its driver, or choose the CPU in the settings.`,
      };
    case 'half-unavailable':
      return {
        zh: '这台设备不支持混合精度（WebGPU 的 shader-f16），请把“精度”改回全精度，或换一台设备。',
        en: 'This device doesn’t support mixed precision (WebGPU’s shader-f16); set the precision back to full, or use another device.',
      };
    case 'gpu-device-lost':
      return {
        zh: `与显卡的连接断了（${short(details.reason)}），可以从最近的检查点接着训练。`,
        en: `The GPU was lost (${short(details.reason)}); resume from the last checkpoint.`,
      };
    case 'gpu-out-of-memory': {
      const need = neededWords(details);
      return {
        zh: `内存不足${need.zh}，请调低内存预算，或减小批大小或最大 token 数，然后重新开始训练；接着这次训练还会用同样多的内存。`,
        en: `Memory ran out${need.en}; set a lower memory budget, or reduce the batch size or the maximum tokens, and start a new run, because resuming this one would take as much memory again.`,
      };
    }
    case 'memory-too-small':
      return memoryTooSmall(details);
    case 'training-diverged':
      return {
        zh: `第 ${details.step} 步的${details.quantity === 'loss' ? '损失' : '梯度'}不再是有限数${details.parameter ? `（${short(details.parameter, 90)}）` : ''}，请降低学习率或提高温度，然后重新开始训练。`,
        en: `At step ${details.step}, the ${details.quantity === 'loss' ? 'loss' : 'gradient'} is no longer finite${details.parameter ? ` (${short(details.parameter, 90)})` : ''}; lower the learning rate or raise the temperature, and start a new run.`,
      };
    case 'device-busy':
      return busySentences[details.job];
    case 'benchmark-stopped':
      return benchmarkStopped(details);
    case 'run-elsewhere':
      return {
        zh: '这次训练正在另一个标签页里进行，请到那里查看或取消。',
        en: 'This run is in progress in another tab; watch or cancel it there.',
      };
    case 'not-found':
      return {
        zh: `找不到${whatNames[details.what].zh}“${short(details.id, 80)}”，它可能已被删除，请回到实验列表。`,
        en: `The ${whatNames[details.what].en} “${short(details.id, 80)}” can’t be found; it may have been deleted. Go back to the experiments.`,
      };
    case 'export-mismatch':
      return {
        zh: `${short(details.file)} 和本页的向量不一致（最小的余弦是 ${details.cosine.toFixed(6)}），没有交付，请再导出一次；如果还是这样，请附上详情反馈。`,
        en: `${short(details.file)} doesn’t give the same vectors as this page (lowest cosine ${details.cosine.toFixed(6)}), so it was not delivered; export again. If it happens again, report it with the details.`,
      };
    case 'download-failed':
      return {
        zh: `${short(details.url)} 下载失败（状态 ${details.status}），请检查网络后重试。`,
        en: `${short(details.url)} couldn’t be downloaded (status ${details.status}); check the connection and try again.`,
      };
    case 'hub-failed':
      return hubFaultSentence(details.fault, details, experimentFile !== undefined);
    case 'cancelled':
      return { zh: '已取消。', en: 'Cancelled.' };
    case 'unexpected':
      return {
        zh: `出现了意外的错误（${short(details.reason)}），请重新载入页面；已保存的内容还在。`,
        en: `Something unexpected happened (${short(details.reason)}); reload the page. Everything that was stored is still there.`,
      };
    default:
      return never(details satisfies never);
  }
}

export function errorSentence(details: AppErrorDetails, language: Language, experimentFile?: string): string {
  return errorSentences(details, experimentFile)[language];
}
