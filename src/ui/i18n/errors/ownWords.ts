import type { OwnWordsCode, OwnWordsValues, Said } from '../../../domain/errorWords';
import type { Sentence } from './sentence';
import { shortened } from './shortened';

type Table = { [Code in OwnWordsCode]: (...values: OwnWordsValues[Code]) => Sentence };

/** Phrases inside a sentence, by code. They follow 是 or 应为, or are put in brackets. */
const table: Table = {
  'no-value': () => ({ zh: '空的', en: 'no value' }),
  'no-batch-list': () => ({ zh: '空的：没有批次列表', en: 'no batch list' }),
  'batch-list-file': () => ({ zh: '批次列表的文件', en: 'a file with the batch list' }),
  'no-steps': () => ({ zh: '0 步', en: 'no steps' }),
  row: (row) => ({ zh: `第 ${row} 行`, en: `row ${row}` }),
  'row-from-to': (first, last) => ({ zh: `第 ${first} 到 ${last} 行`, en: `a row from ${first} to ${last}` }),
  'at-most': (most) => ({ zh: `最多 ${most}`, en: `at most ${most}` }),
  'passage-twice': (id) => ({
    zh: `两份知识库里都有的段落 ${shortened(id, 80)}`,
    en: `passage ${shortened(id, 80)} in two knowledge bases`,
  }),
  'no-such-field': () => ({ zh: '没有这个字段', en: 'no field of this name' }),
  'lone-surrogate': () => ({ zh: '半个字符（孤立的代理项）', en: 'a lone surrogate' }),
  'well-formed-unicode': () => ({ zh: '完整的 Unicode 文字', en: 'well-formed Unicode' }),
  'finite-number': () => ({ zh: '有限的数', en: 'a finite number' }),
  'json-value': () => ({ zh: 'JSON 能表示的值', en: 'a JSON value' }),
  'nested-at-most': (levels) => ({
    zh: `最多嵌套 ${levels} 层的值`,
    en: `a value nested at most ${levels} levels deep`,
  }),
  number: () => ({ zh: '数', en: 'a number' }),
  integer: () => ({ zh: '整数', en: 'an integer' }),
  'integer-from-to': (least, most) => ({
    zh: `${least} 到 ${most} 的整数`,
    en: `an integer from ${least} to ${most}`,
  }),
  'number-from-to': (least, most) => ({ zh: `${least} 到 ${most} 的数`, en: `a number from ${least} to ${most}` }),
  'nothing-beside': (field) => ({
    zh: `空的，因为文件里已有 ${field}`,
    en: `left out, because the file has ${field}`,
  }),
  text: () => ({ zh: '文字', en: 'a text' }),
  boolean: () => ({ zh: 'true 或 false', en: 'true or false' }),
  list: () => ({ zh: '列表', en: 'a list' }),
  object: () => ({ zh: '对象', en: 'an object' }),
  sha256: () => ({ zh: '64 位十六进制的 SHA-256', en: 'a SHA-256 of 64 hexadecimal digits' }),
  'different-names': () => ({ zh: '名称不同的文件', en: 'files with different names' }),
  'different-model': (name) => ({
    zh: `模型或设置与“${shortened(name, 80)}”不同的一项`,
    en: `an entry whose model or settings differ from those of “${shortened(name, 80)}”`,
  }),
  'no-prefix': () => ({
    zh: '没有通用题，或者没有训练前缀的阶段：基座模型没有这些前缀，无法测量',
    en: 'no probe, or no stage that trains a prefix: the base model lacks the prefix and can’t be measured with it',
  }),
  'other-data': () => ({
    zh: '与本实验不同的知识库和问题',
    en: 'a knowledge base and questions that the experiment does not have',
  }),
  'different-values': () => ({ zh: '互不相同的值', en: 'values that differ' }),
  runs: (runs) => ({ zh: `${runs} 次训练`, en: `${runs} runs` }),
  'column-for': (fields) => ({ zh: `写明 ${fields} 的列`, en: `a column for ${fields}` }),
  'parameter-keyword': () => ({
    zh: '模型参数名中的一段文字',
    en: 'a part of a parameter’s name, such as bias',
  }),
  'list-of': (least, most) => ({ zh: `${least} 到 ${most} 项的列表`, en: `a list of ${least} to ${most} items` }),
  'part-missing': (part, name) => ({
    zh: `“${shortened(name, 80)}”的第 ${part + 1} 部分缺失或不完整`,
    en: `part ${part + 1} of “${shortened(name, 80)}” is missing or too short`,
  }),
  'rows-missing': (rows, file) => ({
    zh: `“${shortened(file, 80)}”缺 ${rows} 行`,
    en: `${rows === 1 ? '1 row' : `${rows} rows`} of “${shortened(file, 80)}” ${rows === 1 ? 'is' : 'are'} missing`,
  }),
  'download-deleted': () => ({ zh: '下载在中途被删除', en: 'the download was deleted before it finished' }),
  'worker-not-started': () => ({ zh: '线程没有启动', en: 'the worker did not start' }),
  'worker-ended': () => ({ zh: '线程已结束', en: 'the worker ended' }),
  'message-unreadable': () => ({ zh: '有一条消息读不出来', en: 'a message could not be read' }),
  'configure-failed': () => ({ zh: '线程没有配置成功', en: 'the worker could not be configured' }),
  'thread-not-started': () => ({ zh: '有一个计算线程没有启动', en: 'a thread of the CPU engine did not start' }),
  'worker-lacks': (worker, method) => ({
    zh: `${worker} 线程没有 ${method}`,
    en: `the ${worker} worker has no ${method}`,
  }),
  'no-simd': () => ({ zh: '这个浏览器不支持 WebAssembly SIMD', en: 'this browser has no WebAssembly SIMD' }),
  'no-webgpu': () => ({ zh: '这个浏览器没有 WebGPU', en: 'this browser has no WebGPU' }),
  'no-adapter': () => ({ zh: '浏览器没有找到可用的显卡', en: 'the browser found no GPU to use' }),
  'no-device': () => ({ zh: '浏览器没有打开显卡', en: 'the browser did not open the GPU' }),
  missing: () => ({ zh: '缺失', en: 'missing' }),
  damaged: () => ({ zh: '已损坏', en: 'damaged' }),
  incomplete: () => ({ zh: '不完整', en: 'incomplete' }),
  'not-json': () => ({ zh: '不是 JSON', en: 'not JSON' }),
  'not-a-list': () => ({ zh: '不是列表', en: 'not a list' }),
  'not-an-object': () => ({ zh: '不是对象', en: 'not an object' }),
  'not-a-project': () => ({ zh: '不是召回工坊的项目', en: 'not a Recallsmith project' }),
  'no-such-experiment': () => ({ zh: '文件里没有这个实验', en: 'the file has no such experiment' }),
  'same-key': () => ({ zh: '两条记录的键相同', en: 'two records have the same key' }),
  'listed-twice': () => ({ zh: '有一项列了两次', en: 'an entry is listed twice' }),
  misnamed: () => ({ zh: '名称和内容不符', en: 'its name doesn’t match its content' }),
  'hash-differs': () => ({ zh: '内容和哈希不一致', en: 'the content does not match its hash' }),
  'not-next': () => ({ zh: '顺序不对', en: 'out of order' }),
  'model-files-missing': (files) => ({
    zh: `缺少模型的文件（${shortened(files)}）`,
    en: `a file of the model is missing (${shortened(files)})`,
  }),
  'model-files-unreadable': () => ({ zh: '模型的文件读不出来', en: 'the model’s files can’t be read' }),
  'settings-differ': (file) => ({
    zh: `设置和 ${shortened(file)} 不一致`,
    en: `the settings differ from ${shortened(file)}`,
  }),
  'unknown-layout': () => ({ zh: '无法识别张量的布局', en: 'unknown layout of the tensors' }),
  'another-model': () => ({ zh: '这是另一个模型', en: 'it is another model' }),
  'tensors-misfit': () => ({ zh: '张量和它们的字节数不符', en: 'the tensors don’t match their byte counts' }),
  'field-invalid': (place, expected, received) => ({
    zh: `${shortened(place)} 应为 ${shortened(expected)}，实为 ${shortened(received)}`,
    en: `${shortened(place)} is ${shortened(received)} instead of ${shortened(expected)}`,
  }),
  'not-a-zip': () => ({ zh: '不是 zip 文件', en: 'not a zip archive' }),
  'zip-cut': () => ({ zh: '文件结尾缺失，没有传完', en: 'its end is missing, so it is incomplete' }),
  'zip64-damaged': () => ({ zh: 'zip64 记录已损坏', en: 'damaged zip64 record' }),
  'directory-outside': () => ({ zh: '目录超出了文件', en: 'directory outside the file' }),
  'directory-damaged': () => ({ zh: '目录已损坏', en: 'damaged directory' }),
  'entry-compressed': () => ({ zh: '这一项是压缩的', en: 'compressed entry' }),
  bytes: (count) => ({ zh: `${count} 字节`, en: `${count} bytes` }),
  'at-most-bytes': (most) => ({ zh: `最多 ${most} 字节`, en: `at most ${most} bytes` }),
  offset: (at) => ({ zh: `位置 ${at}`, en: `offset ${at}` }),
  'duplicate-name': () => ({ zh: '重复的名称', en: 'a duplicate name' }),
  'positive-integer': () => ({ zh: '正整数', en: 'a positive integer' }),
  'positive-number': () => ({ zh: '正数', en: 'a positive number' }),
  'integer-below': (limit) => ({ zh: `小于 ${limit} 的整数`, en: `an integer below ${limit}` }),
  'divisor-of': (size) => ({ zh: `${size} 的约数`, en: `a divisor of ${size}` }),
  'no-model': () => ({ zh: '没有模型', en: 'no model' }),
  'no-vocabulary': () => ({ zh: '没有词表', en: 'no vocabulary' }),
  'no-token': (token) => ({ zh: `没有 ${shortened(token, 80)}`, en: `no ${shortened(token, 80)}` }),
  'object-with': (fields) => ({ zh: `带 ${fields} 的对象`, en: `an object with ${fields}` }),
  'pickle-ends': () => ({ zh: '内容在中途结束', en: 'it ends too early' }),
  'stack-empty': () => ({ zh: '栈上缺少一个值', en: 'a value is missing on the stack' }),
  'kind-expected': (kind) => ({ zh: `此处应为 ${kind}`, en: `${kind} expected` }),
  'mark-missing': () => ({ zh: '缺少标记', en: 'a mark is missing' }),
  'protocol-unknown': () => ({ zh: 'pickle 协议的版本未知', en: 'unknown pickle protocol' }),
  'key-without-value': () => ({ zh: '字典里有一个键没有值', en: 'a dict has a key without a value' }),
  'memo-empty': (index) => ({ zh: `备忘 ${index} 是空的`, en: `memo ${index} is empty` }),
  'stored-tensor-invalid': () => ({
    zh: '有一个张量的存储、形状或步长无效',
    en: 'a tensor has an invalid storage, shape or stride',
  }),
  'persistent-id-invalid': () => ({
    zh: '有一个持久编号指的不是存储',
    en: 'a persistent id does not refer to a storage',
  }),
  opcode: (name) => ({ zh: `操作码 ${name}`, en: `opcode ${name}` }),
  'values-in-pickle': (most) => ({ zh: `超过 ${most} 个值`, en: `more than ${most} values` }),
  'nested-containers': (most) => ({ zh: `超过 ${most} 层的嵌套`, en: `more than ${most} nested containers` }),
  'call-of': (name) => ({ zh: `对 ${shortened(name, 80)} 的调用`, en: `a call to ${shortened(name, 80)}` }),
  'storage-view': () => ({ zh: '从别的存储截取的存储', en: 'a storage that is a view of another one' }),
  'not-torch-save': () => ({ zh: '不是 torch.save 写的文件', en: 'not a file written by torch.save' }),
  'no-data-pkl': () => ({ zh: '没有 data.pkl', en: 'no data.pkl' }),
  'pickle-above': (mebibytes) => ({ zh: `大于 ${mebibytes} MiB 的 pickle`, en: `a pickle above ${mebibytes} MiB` }),
  'big-endian': () => ({ zh: '大端序的数', en: 'big-endian numbers' }),
  'other-pickle': () => ({ zh: '不是 torch.save 写的 pickle', en: 'a pickle that torch.save did not write' }),
  'no-storage-list': () => ({ zh: '没有存储的清单', en: 'no list of storages' }),
  'storage-unused': () => ({ zh: '没有任何张量使用的存储', en: 'a storage that no tensor uses' }),
  'elements-in-storage': (elements, storage) => ({
    zh: `${storage} 个元素的存储里有 ${elements} 个元素`,
    en: `${elements} elements in a storage of ${storage}`,
  }),
  'no-tensors': () => ({ zh: '没有张量', en: 'no tensors' }),
  'tensors-unnamed': (tensors) => ({
    zh: tensors === 1 ? '唯一的张量没有名字' : `${tensors} 个张量都没有名字`,
    en: tensors === 1 ? 'its only tensor has no name' : `none of its ${tensors} tensors has a name`,
  }),
  'tensor-twice': (name) => ({
    zh: `有两个张量都叫“${shortened(name, 80)}”`,
    en: `two tensors are called “${shortened(name, 80)}”`,
  }),
};

/** Returns text that follows a Chinese character, with a space in front of a Latin letter, digit or ASCII sign. */
export const spaced = (text: string): string => (/^[!-~]/.test(text) ? ` ${text}` : text);

/** Limits on a sentence, because an error from a project file may be arbitrarily long. */
const mostValues = 4;
const mostAlternatives = 16;

/** Returns a part of a sentence in both languages. Quoted text stays as it is, but is shortened. */
export function said(part: Said | undefined): Sentence {
  if (part === undefined || typeof part === 'string') return { zh: shortened(part), en: shortened(part) };
  if ('code' in part) {
    if (!Object.hasOwn(table, part.code)) return said(String(part.code));
    // The table pairs each code with a function of its own values, which an index by a union of codes can't express.
    const say = table[part.code] as (...values: readonly (string | number)[]) => Sentence;
    return say(...part.values.slice(0, mostValues));
  }
  const parts = part.slice(0, mostAlternatives).map((one) => said(one));
  const [first = '', ...others] = parts.map(({ zh }) => zh);
  const zh = others.reduce((all, one) => `${all}${/[!-~]$/.test(all) ? ' ' : ''}或${spaced(one)}`, first);
  return { zh, en: parts.map(({ en }) => en).join(' or ') };
}
