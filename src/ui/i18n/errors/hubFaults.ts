import type { AppErrorDetails, HubFault } from '../../../domain/errors';
import { type Sentence } from './sentence';
import { shortened } from './shortened';

type HubDetails = Extract<AppErrorDetails, { kind: 'hub-failed' }>;
type Ways = Record<'other' | 'again' | 'token' | 'folder', Sentence>;
type Words = Record<'host' | 'id' | 'file' | 'found' | 'expected', string> & Ways & { details: HubDetails };

/** Sentences by fault: what went wrong with a host, and what the user can do on the page or on the command line. */
const sentences: Record<HubFault, (words: Words) => Sentence> = {
  'id-invalid': ({ found }) => ({
    zh: `“${found}”不是模型 id，请写成 BAAI/bge-base-zh-v1.5 这样的形式。`,
    en: `“${found}” is not the id of a model; write it like BAAI/bge-base-zh-v1.5.`,
  }),
  'host-invalid': ({ found }) => ({
    zh: `“${found}”不是服务器地址，请写成 https://models.example.org 这样的形式。`,
    en: `“${found}” is not the address of a host; write it like https://models.example.org.`,
  }),
  'no-model': ({ host, id, other }) => ({
    zh: `${host} 上没有模型 ${id}，请检查 id，或${other.zh}。`,
    en: `${host} has no model ${id}; check the id, or ${other.en}.`,
  }),
  'no-revision': ({ host, id }) => ({
    zh: `${host} 上的 ${id} 没有这个版本，请检查版本的写法，或不写版本。`,
    en: `${id} on ${host} has no such revision; check the spelling, or leave it out.`,
  }),
  'needs-token': ({ host, id, token }) => ({
    zh: `${host} 不向未登录的人提供 ${id}：它不存在，或者要先在网站上申请；请检查 id，或${token.zh}。`,
    en: `${host} doesn’t give ${id} to everyone: either it doesn’t exist, or you have to request access there; check the id, or ${token.en}.`,
  }),
  'token-unsafe': ({ folder }) => ({
    zh: `这个浏览器会把访问令牌转发给文件服务器，所以没有发送；请用 Chrome 或 Edge 119 及以上版本，或${folder.zh}。`,
    en: `This browser would pass the access token on to file servers, so it was not sent; use Chrome or Edge 119 or newer, or download the model yourself and ${folder.en}.`,
  }),
  offline: ({ host }) => ({
    zh: `现在没有网络，连不上 ${host}；已下载的部分都在，联网后可以接着下载。`,
    en: `There is no network, so ${host} can’t be reached; the downloaded part is kept, and you can resume once you are online.`,
  }),
  blocked: ({ host, other, folder }) => ({
    zh: `${host} 没有应答，或者不允许其他网站的页面从它那里下载；请检查网络，${other.zh}，或${folder.zh}。`,
    en: `${host} doesn’t answer, or doesn’t allow downloads from other sites’ pages; check the connection, ${other.en}, or download the model yourself and ${folder.en}.`,
  }),
  'broken-off': ({ host, other }) => ({
    zh: `与 ${host} 的连接一再中断；已下载的部分都在，请稍后接着下载，或${other.zh}。`,
    en: `The connection to ${host} kept breaking off; the downloaded part is kept, so resume later, or ${other.en}.`,
  }),
  html: ({ host, file, details, other }) => ({
    zh: `${host} 发来的是网页，不是${details.file === undefined ? '文件列表' : `文件 ${file}`}，可能要先登录网络；请检查网络，或${other.zh}。`,
    en: `${host} sent a web page instead of ${details.file === undefined ? 'the list of files' : file}, perhaps because the network asks you to sign in; check the connection, or ${other.en}.`,
  }),
  'listing-invalid': ({ host, other }) => ({
    zh: `看不懂 ${host} 发来的文件列表，请检查地址，或${other.zh}。`,
    en: `The list of files from ${host} can’t be read; check its address, or ${other.en}.`,
  }),
  'size-differs': ({ file, found, expected, details, again, other }) => ({
    zh: `${file} 的大小不对（列表上是 ${expected} 字节，现在${details.found === undefined ? '更多' : `是 ${found} 字节`}），没有采用；它可能换过版本，请${again.zh}，或${other.zh}。`,
    en: `${file} has the wrong size (${expected} bytes listed, ${details.found === undefined ? 'more' : found} now) and was discarded; it may have changed, so ${again.en}, or ${other.en}.`,
  }),
  'hash-differs': ({ host, file, again, other }) => ({
    zh: `${file} 的内容和 ${host} 列出的哈希不一致，没有采用；它可能换过版本，请${again.zh}，或${other.zh}。`,
    en: `The content of ${file} doesn’t match the hash that ${host} listed and was discarded; it may have changed, so ${again.en}, or ${other.en}.`,
  }),
  refused: ({ host, details, other }) => ({
    zh: `${host} 拒绝了下载（状态 ${details.status ?? 0}），请稍后再试，或${other.zh}。`,
    en: `${host} refused the download (status ${details.status ?? 0}); try again later, or ${other.en}.`,
  }),
  'file-missing': ({ host, id, file }) => ({
    zh: `${host} 上的 ${id} 没有 ${file}，请换一个有这个文件的模型或版本。`,
    en: `${id} on ${host} has no ${file}; choose a model or revision that has it.`,
  }),
  'weights-unsupported': ({ host, id, found }) => ({
    zh: `${host} 上的 ${id} 没有能读的权重（只有 ${found}），请换一个有 model.safetensors 的版本。`,
    en: `${id} on ${host} has no weights that can be read (only ${found}); choose a revision with model.safetensors.`,
  }),
  elsewhere: () => ({
    zh: '已经有一个模型正在下载，可能在另一个标签页里，请等它下完，或先暂停它。',
    en: 'Another model is being downloaded, perhaps in another tab; wait for it to end, or pause it first.',
  }),
};

/** Says what went wrong with a host, and how to choose another one on the page or on the command line. */
export function hubFailed(details: HubDetails, onCommandLine: boolean): Sentence {
  return sentences[details.fault]({
    ...waysOut(onCommandLine),
    details,
    host: shortened(details.host),
    id: shortened(details.id),
    file: shortened(details.file),
    found: shortened(details.found),
    expected: shortened(details.expected),
  });
}

/** Returns the possible remedies, on the page or, with `onCommandLine`, as options of the command. */
function waysOut(onCommandLine: boolean): Ways {
  return onCommandLine
    ? {
        other: { zh: '用 --hub-host 换一个来源', en: 'choose another host with --hub-host' },
        again: { zh: '重新运行命令', en: 'run the command again' },
        token: {
          zh: '在 RECALLSMITH_HUB_TOKEN 里给出有权限的访问令牌',
          en: 'set RECALLSMITH_HUB_TOKEN to a token that has access',
        },
        folder: { zh: '自行下载后在 locations.model 中写明文件夹', en: 'name its folder in locations.model' },
      }
    : {
        other: { zh: '换一个来源', en: 'choose another host' },
        again: { zh: '重新查询模型再下载', en: 'look the model up again' },
        token: { zh: '填写有权限的访问令牌', en: 'enter a token that has access' },
        folder: { zh: '自行下载后选择文件夹', en: 'choose its folder' },
      };
}
