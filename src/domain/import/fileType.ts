/** Types of files that hold no plain text, or only text that another program must extract. */
export const fileTypes = [
  'word',
  'excel',
  'oldExcel',
  'powerPoint',
  'office',
  'protected',
  'rtf',
  'markup',
  'pdf',
  'image',
  'archive',
  'cutArchive',
  'cutOffice',
  'archivePart',
  'emptyArchive',
  'openDocument',
  'parquet',
  'sqlite',
  'audioVideo',
  'executable',
] as const;
export type FileType = (typeof fileTypes)[number];

interface Signature {
  type: FileType;
  bytes: readonly number[];
  /** Position of `bytes`; the start by default. */
  at?: number;
}

/** Signatures of formats whose files may look like text. */
const textSignatures: readonly Signature[] = [
  { type: 'pdf', bytes: ascii('%PDF-') },
  { type: 'rtf', bytes: ascii('{\\rtf') },
];

/**
 * Signatures of formats whose files contain NUL bytes, which distinguishes them from text that happens to begin with
 * the same letters.
 */
const binarySignatures: readonly Signature[] = [
  { type: 'image', bytes: [0x89, ...ascii('PNG\r\n')] },
  { type: 'image', bytes: [0xff, 0xd8, 0xff] },
  { type: 'image', bytes: ascii('GIF8') },
  { type: 'image', bytes: ascii('II*\0') },
  { type: 'image', bytes: ascii('MM\0*') },
  { type: 'image', bytes: ascii('WEBP'), at: 8 },
  { type: 'image', bytes: ascii('ftyphei'), at: 4 },
  { type: 'image', bytes: ascii('ftypavif'), at: 4 },
  { type: 'audioVideo', bytes: ascii('ftyp'), at: 4 },
  { type: 'audioVideo', bytes: ascii('OggS') },
  { type: 'audioVideo', bytes: ascii('fLaC') },
  { type: 'audioVideo', bytes: ascii('ID3') },
  { type: 'audioVideo', bytes: ascii('WAVE'), at: 8 },
  { type: 'audioVideo', bytes: [0x1a, 0x45, 0xdf, 0xa3] },
  { type: 'archive', bytes: [0x1f, 0x8b, 0x08] },
  { type: 'archive', bytes: ascii('Rar!\x1a\x07') },
  { type: 'archive', bytes: [...ascii('7z'), 0xbc, 0xaf, 0x27, 0x1c] },
  { type: 'archive', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { type: 'archive', bytes: [0xfd, ...ascii('7zXZ\0')] },
  { type: 'archive', bytes: ascii('ustar'), at: 257 },
  { type: 'parquet', bytes: ascii('PAR1') },
  { type: 'sqlite', bytes: ascii('SQLite format 3\0') },
  { type: 'executable', bytes: [0x7f, ...ascii('ELF')] },
  { type: 'executable', bytes: [0xfe, 0xed, 0xfa, 0xce] },
  { type: 'executable', bytes: [0xfe, 0xed, 0xfa, 0xcf] },
  { type: 'executable', bytes: [0xce, 0xfa, 0xed, 0xfe] },
  { type: 'executable', bytes: [0xcf, 0xfa, 0xed, 0xfe] },
  { type: 'executable', bytes: [0xca, 0xfe, 0xba, 0xbe] },
  { type: 'executable', bytes: ascii('\0asm') },
];

const zipStart = ascii('PK\x03\x04');
/** Signature of the record at the end of every zip archive. An archive without entries consists of this record only. */
const zipEnd = 'PK\x05\x06';
/** Signature at the start of the first part of a split zip archive. */
const splitZipStart = ascii('PK\x07\x08');
const compoundStart = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function has(bytes: Uint8Array, expected: readonly number[], at = 0): boolean {
  return expected.every((byte, index) => bytes[at + index] === byte);
}

/** Decodes every byte to one character, so that names inside a binary file can be searched. */
function asLatin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

/** Matches names of parts of split archives. Only the first part has the bytes of an archive at its start. */
const partName = /\.(?:zip|7z|rar|tar|gz|tgz)\.\d{2,3}$|\.z\d{2}$|\.r\d{2}$|\.part\d+\.rar$/i;

/** Whether a file is named as a part of a split archive. */
export const isArchivePart = (fileName: string): boolean => partName.test(fileName);

/**
 * Returns the type of a zip archive. Office files are zip archives; the folder of their parts shows which program wrote
 * them. An archive without the record at its end was cut off, or is the first part of a split one.
 */
function zipType(names: string, tail: string): FileType {
  const isOffice = /(?:word|xl|ppt)\//.test(names) || names.includes('[Content_Types].xml');
  if (!tail.includes(zipEnd)) return isOffice ? 'cutOffice' : 'cutArchive';
  if (names.includes('application/vnd.oasis.opendocument')) return 'openDocument';
  if (names.includes('word/')) return 'word';
  if (names.includes('xl/')) return 'excel';
  return names.includes('ppt/') ? 'powerPoint' : 'archive';
}

/**
 * Returns the type of a compound file: an old Office file, or a new one with a password. Its directory names the main
 * stream in UTF-16.
 */
function compoundType(names: string): FileType {
  const contains = (name: string): boolean => names.includes(Array.from(name).join('\0'));
  if (contains('WordDocument')) return 'word';
  if (contains('EncryptedPackage')) return 'protected';
  if (contains('Workbook') || contains('Book\0')) return 'oldExcel';
  return contains('PowerPoint Document') ? 'powerPoint' : 'office';
}

/**
 * Whether the file is a Windows program. A text may begin with the letters MZ too, so a PE header or NUL bytes must
 * follow.
 */
function isWindowsProgram(head: Uint8Array): boolean {
  if (!has(head, ascii('MZ')) || head.length < 64) return false;
  const at = new DataView(head.buffer, head.byteOffset).getUint32(60, true);
  return has(head, ascii('PE\0\0'), at) || head.subarray(0, 64).includes(0);
}

/** Whether the file is a web page or XML. Programs also export such files with the extension .xls. */
function isMarkup(head: Uint8Array): boolean {
  const text = asLatin1(head.subarray(0, 4096))
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart();
  return (
    /^<\?xml\s/i.test(text) ||
    (/^<(?:!doctype\s+html|html)[\s>]/i.test(text) && /<(?:head|body|table|p)[\s>]/i.test(text))
  );
}

/**
 * Returns the type of a file that can't be read as text, or null. Judges by the contents, never by the name. `head` and
 * `tail` are its first and last bytes; a zip archive lists its entries at the end.
 */
export function fileTypeOf(head: Uint8Array, tail: Uint8Array): FileType | null {
  if (has(head, zipStart)) return zipType(asLatin1(head) + asLatin1(tail), asLatin1(tail));
  if (has(head, splitZipStart)) return 'archivePart';
  if (has(head, ascii(zipEnd))) return 'emptyArchive';
  if (has(head, compoundStart)) return compoundType(asLatin1(head) + asLatin1(tail));
  if (isWindowsProgram(head)) return 'executable';
  if (isMarkup(head)) return 'markup';
  const signatures = head.includes(0) ? [...textSignatures, ...binarySignatures] : textSignatures;
  return signatures.find(({ bytes, at }) => has(head, bytes, at))?.type ?? null;
}
