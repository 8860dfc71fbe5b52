import { AppError, type HubFault } from '../errors';
import type { OnnxChoice } from '../onnxModel';
import type { HubOrigin } from './hubOrigin';

/** The two protocols in use: Hugging Face's, which mirrors and self-hosted servers also speak, and ModelScope's. */
type HubProtocol = 'huggingface' | 'modelscope';

/** A server that models are fetched from. `baseUrl` ends with a slash. */
export interface HubHost {
  protocol: HubProtocol;
  baseUrl: string;
}

export const hubHostNames = ['huggingface', 'hf-mirror', 'modelscope'] as const;
export type HubHostName = (typeof hubHostNames)[number];

export const hubHosts: Record<HubHostName, HubHost> = {
  huggingface: { protocol: 'huggingface', baseUrl: 'https://huggingface.co/' },
  'hf-mirror': { protocol: 'huggingface', baseUrl: 'https://hf-mirror.com/' },
  modelscope: { protocol: 'modelscope', baseUrl: 'https://www.modelscope.cn/' },
};

export const suggestedModels = ['BAAI/bge-base-zh-v1.5', 'moka-ai/m3e-base'] as const;
/** Models that come with ONNX files. */
export const suggestedOnnxModels = ['Xenova/bge-base-zh-v1.5', 'Xenova/multilingual-e5-small'] as const;

/** The hash that a file must have. Hugging Face lists SHA-256 for large files, and git's blob hash for the others. */
export interface HubFileHash {
  kind: 'sha256' | 'gitSha1';
  hex: string;
}

/** A file of a model, as listed by its hub. */
export interface HubFile {
  path: string;
  bytes: number;
  hash: HubFileHash;
  /** The commit to fetch the file from. */
  commit: string;
}

/** Names a model on a hub. An empty revision means the model's main branch. */
export interface HubModelId {
  host: HubHost;
  id: string;
  revision: string;
}

/** A model on a hub, and those of its files that the import needs. */
export interface HubListing extends HubModelId {
  /** The commit that the revision resolves to. */
  commit: string;
  files: HubFile[];
  /** Set if the files are those of a graph for transformers.js. */
  onnx?: OnnxChoice;
}

/** The listing of one graph for transformers.js. */
export type OnnxListing = HubListing & { onnx: OnnxChoice };

export function isOnnxListing(listing: HubListing): listing is OnnxListing {
  return listing.onnx !== undefined;
}

export interface HubErrorPlace {
  id?: string;
  file?: string;
  status?: number;
  expected?: string;
  found?: string;
}

/** Returns the host as people write it: `huggingface.co`, `127.0.0.1:8080`, `models.example.org/hub`. */
export function hostLabel({ baseUrl }: HubHost): string {
  return baseUrl.replace(/^https?:\/\//, '').replace(/\/$/, '');
}

export function hubError(host: HubHost, fault: HubFault, place: HubErrorPlace = {}): AppError {
  return new AppError({ kind: 'hub-failed', fault, host: hostLabel(host), ...place });
}

export function listingBytes({ files }: Pick<HubListing, 'files'>): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

const idPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95})?$/;
const revisionPattern = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$/;

/** Whether the text can be a revision: a branch, a tag or a commit. */
export function isRevision(text: string): boolean {
  return revisionPattern.test(text) && !text.includes('..');
}

/** Parses `ID` or `ID@REVISION`. Returns null if the text is not the id of a model. */
export function parseModelId(text: string): { id: string; revision: string } | null {
  const [id = '', revision, ...rest] = text.trim().split('@');
  if (!idPattern.test(id) || id.includes('..') || id.includes('--') || rest.length > 0) return null;
  if (revision !== undefined && !isRevision(revision)) return null;
  return { id, revision: revision ?? '' };
}

const hubPrefix = 'hub:';

/** Whether `locations.model` names a model on a hub instead of a folder. */
export function isHubLocation(location: string): boolean {
  return location.startsWith(hubPrefix);
}

/** Parses the `ID@REVISION` of `hub:ID@REVISION`. Returns null if it is not the id of a model. */
export function parseHubLocation(location: string): { id: string; revision: string } | null {
  return isHubLocation(location) ? parseModelId(location.slice(hubPrefix.length)) : null;
}

/**
 * Returns the `hub:ID@COMMIT` that names the model in `locations.model`. Returns null for hosts other than Hugging Face
 * and its mirror: the location does not name the host, so the id would be looked up in the wrong place.
 */
export function hubLocation({ host, id, commit }: HubOrigin): string | null {
  const known = [hubHosts.huggingface, hubHosts['hf-mirror']].map(hostLabel).includes(host);
  return known && parseModelId(`${id}@${commit}`) ? `${hubPrefix}${id}@${commit}` : null;
}

const addressPattern = /^(https?):\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?((?:\/[A-Za-z0-9_.~-]+)*)\/?$/;

/**
 * Parses the address of a self-hosted server, which uses Hugging Face's protocol. Returns null if the text is not an
 * address.
 */
export function parseHostAddress(text: string): HubHost | null {
  const match = addressPattern.exec(text.trim());
  if (!match) return null;
  const [, scheme = '', name = '', port = '', path = ''] = match;
  if (path.split('/').includes('..') || path.split('/').includes('.')) return null;
  return { protocol: 'huggingface', baseUrl: `${scheme}://${name.toLowerCase()}${port}${path}/` };
}

/** Parses the name of a known host or an address. Returns null if the text is neither. */
export function parseHost(text: string): HubHost | null {
  const known = hubHostNames.find((name) => name === text.trim());
  return known ? hubHosts[known] : parseHostAddress(text);
}

const encodedPath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** Returns the branch that an empty revision means. */
function revisionOf({ host, revision }: HubModelId): string {
  if (revision !== '') return revision;
  return host.protocol === 'modelscope' ? 'master' : 'main';
}

/** Returns the URL at which a Hugging Face host resolves a revision to a commit. */
export function commitUrl(model: HubModelId): string {
  return `${model.host.baseUrl}api/models/${model.id}/revision/${encodeURIComponent(revisionOf(model))}`;
}

/** Returns the URL of the list of files: on Hugging Face at a commit, on ModelScope at a revision. */
export function filesUrl(model: HubModelId, commit: string): string {
  const { host, id } = model;
  return host.protocol === 'modelscope'
    ? `${host.baseUrl}api/v1/models/${id}/repo/files?Revision=${encodeURIComponent(revisionOf(model))}&Recursive=true`
    : `${host.baseUrl}api/models/${id}/tree/${encodeURIComponent(commit)}?recursive=true`;
}

export function fileUrl({ host, id }: HubModelId, { path, commit }: HubFile): string {
  return host.protocol === 'modelscope'
    ? `${host.baseUrl}api/v1/models/${id}/repo?Revision=${encodeURIComponent(commit)}&FilePath=${encodeURIComponent(path)}`
    : `${host.baseUrl}${id}/resolve/${encodeURIComponent(commit)}/${encodedPath(path)}`;
}

/**
 * Returns the id of a download. It depends only on host, model, commit and the graph, so looking up the same model
 * again finds the bytes that have arrived.
 */
export function downloadIdOf({ host, id, commit, onnx }: HubListing): string {
  return `${host.baseUrl} ${id}@${commit}${onnx ? ` ${onnx.graph}` : ''}`;
}
