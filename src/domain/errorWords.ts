/** The app's own phrases inside an error, by code, with the names and numbers they contain. */
export interface OwnWordsValues {
  // Values that an experiment has or should have.
  'no-value': [];
  'no-batch-list': [];
  'batch-list-file': [];
  'no-steps': [];
  row: [number];
  'row-from-to': [first: number, last: number];
  'at-most': [number];
  'passage-twice': [id: string];
  'no-such-field': [];
  'lone-surrogate': [];
  'well-formed-unicode': [];
  'finite-number': [];
  'json-value': [];
  'nested-at-most': [levels: number];
  number: [];
  integer: [];
  'integer-from-to': [least: number, most: number];
  'number-from-to': [least: number, most: number];
  'nothing-beside': [field: string];
  text: [];
  boolean: [];
  list: [];
  object: [];
  sha256: [];
  'different-names': [];
  'different-model': [name: string];
  'different-values': [];
  'other-data': [];
  'no-prefix': [];
  runs: [number];
  'column-for': [fields: string];
  'parameter-keyword': [];
  'list-of': [least: number, most: number];
  // Reasons why the browser's storage, a worker or the GPU failed, for failures that the browser did not explain.
  /** The part is counted from 0. */
  'part-missing': [part: number, name: string];
  'rows-missing': [rows: number, file: string];
  'download-deleted': [];
  'worker-not-started': [];
  'worker-ended': [];
  'message-unreadable': [];
  'configure-failed': [];
  'thread-not-started': [];
  'worker-lacks': [worker: string, method: string];
  'no-simd': [];
  'no-webgpu': [];
  'no-adapter': [];
  'no-device': [];
  // Reasons why an entry of a zip archive or of a project cannot be read.
  missing: [];
  damaged: [];
  incomplete: [];
  'not-json': [];
  'not-a-list': [];
  'not-an-object': [];
  'not-a-project': [];
  'same-key': [];
  'no-such-experiment': [];
  'listed-twice': [];
  misnamed: [];
  'hash-differs': [];
  'not-next': [];
  'model-files-missing': [files: string];
  'model-files-unreadable': [];
  'settings-differ': [file: string];
  'unknown-layout': [];
  'another-model': [];
  'tensors-misfit': [];
  'field-invalid': [place: string, expected: string, received: string];
  'not-a-zip': [];
  'zip-cut': [];
  'zip64-damaged': [];
  'directory-outside': [];
  'directory-damaged': [];
  'entry-compressed': [];
  // Contents that a model's file has or should have.
  bytes: [number | string];
  'at-most-bytes': [number];
  offset: [number];
  'duplicate-name': [];
  'positive-integer': [];
  'positive-number': [];
  'integer-below': [number];
  'divisor-of': [number];
  'no-model': [];
  'no-vocabulary': [];
  'no-token': [token: string];
  'object-with': [fields: string];
  // Contents of a PyTorch file.
  'pickle-ends': [];
  'stack-empty': [];
  'kind-expected': [kind: string];
  'mark-missing': [];
  'protocol-unknown': [];
  'key-without-value': [];
  'memo-empty': [index: number];
  'stored-tensor-invalid': [];
  'persistent-id-invalid': [];
  opcode: [name: string];
  'nested-containers': [most: number];
  'values-in-pickle': [most: number];
  'call-of': [name: string];
  'storage-view': [];
  'not-torch-save': [];
  'no-data-pkl': [];
  'pickle-above': [mebibytes: number];
  'big-endian': [];
  'other-pickle': [];
  'no-storage-list': [];
  'storage-unused': [];
  'elements-in-storage': [elements: number, storage: number];
  'no-tensors': [];
  'tensors-unnamed': [tensors: number];
  'tensor-twice': [name: string];
}
export type OwnWordsCode = keyof OwnWordsValues;

/** One of the app's own phrases, which the UI puts into the user's language. */
export interface OwnWords {
  code: OwnWordsCode;
  values: readonly (string | number)[];
}

/**
 * A part of an error's sentence. A string is quoted verbatim, because it comes from a file, the browser or the system.
 * A list names alternatives.
 */
export type Said = string | OwnWords | readonly Said[];

export function own<Code extends OwnWordsCode>(code: Code, ...values: OwnWordsValues[Code]): OwnWords {
  return { code, values };
}
