import { own, type Said } from '../../../src/domain/errorWords';
import { AppError } from '../../../src/domain/errors';
import { JsonTooDeep, maxJsonDepth, parseForeignJson } from '../../../src/domain/foreignJson';
import { sha256Hex } from '../../../src/domain/hash';
import { isObject } from '../../../src/domain/isObject';
import {
  isProjectPath,
  listPaths,
  manifestPath,
  manifestSchema,
  projectFormat,
  type ListName,
  type Manifest,
} from '../../../src/domain/project/manifest';
import { validate, type Output, type Schema } from '../../../src/domain/project/validate';
import { readZipDirectory, zipEntryBlob, type ZipEntry } from '../../formats/zip';

/** Reads the entries of a project file that its manifest lists. Every record is validated before it is returned. */
export class ProjectReader {
  readonly #entries: Map<string, ZipEntry>;
  readonly #listed: Map<string, Manifest['files'][number]>;
  readonly format: number;

  private constructor(
    private readonly file: File,
    entries: readonly ZipEntry[],
    { format, files }: Manifest,
  ) {
    this.format = format;
    this.#entries = new Map(entries.map((entry) => [entry.path, entry]));
    this.#listed = new Map(files.map((listed) => [listed.path, listed]));
    if (this.#listed.size < files.length) throw this.invalid(manifestPath, own('listed-twice'));
  }

  static async open(file: File): Promise<ProjectReader> {
    const foreign = new AppError({ kind: 'project-invalid', file: file.name, reason: own('not-a-project') });
    const entries = await readZipDirectory(file, file.name).catch(async (thrown: unknown) => {
      if (await isExperimentFile(file)) throw new AppError({ kind: 'project-is-experiment', file: file.name });
      throw namesForeignEntry(thrown) ? foreign : thrown;
    });
    const entry = entries.find(({ path }) => path === manifestPath);
    const invalid = (reason: Said): AppError =>
      new AppError({ kind: 'project-invalid', file: file.name, entry: manifestPath, reason });
    if (!entry) throw foreign;
    const manifest = parseManifest(await (await zipEntryBlob(file, file.name, entry)).text());
    if (!manifest) throw invalid(own('not-a-project'));
    if (manifest.format > projectFormat) {
      const { format: version } = manifest;
      throw new AppError({ kind: 'project-too-new', file: file.name, version, supported: projectFormat });
    }
    return new ProjectReader(file, entries, manifest);
  }

  get name(): string {
    return this.file.name;
  }

  get files(): number {
    return this.#listed.size;
  }

  invalid(entry: string, reason: Said, cause?: unknown): AppError {
    return new AppError({ kind: 'project-invalid', file: this.file.name, entry, reason }, { cause });
  }

  /** Throws if an entry in the manifest is missing or damaged. Call it before any other method. */
  async verify(done: (files: number) => void): Promise<void> {
    let files = 0;
    for (const { path, sha256, bytes } of this.#listed.values()) {
      const found = await this.read(path);
      if (found.length !== bytes || (await sha256Hex(found)) !== sha256) throw this.invalid(path, own('damaged'));
      if (/^weights\//.test(path) && path !== `weights/${sha256}.bin`) throw this.invalid(path, own('misnamed'));
      done(++files);
    }
  }

  has(path: string): boolean {
    return this.#listed.has(path);
  }

  /** Size of an entry in bytes; 0 if the manifest does not list it. */
  bytes(path: string): number {
    return this.#listed.get(path)?.bytes ?? 0;
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const entry = this.#entries.get(path);
    if (!entry || !this.has(path)) throw this.invalid(path, own('missing'));
    return new Uint8Array(await (await zipEntryBlob(this.file, this.file.name, entry)).arrayBuffer());
  }

  async record<S extends Schema>(path: string, schema: S): Promise<Output<S>> {
    return this.parse(path, schema, await this.#json(path));
  }

  async list<S extends Schema>(path: string, schema: S): Promise<Output<S>[]> {
    const values = await this.#json(path);
    if (!Array.isArray(values)) throw this.invalid(path, own('not-a-list'));
    return values.map((value: unknown, index) => this.parse(path, schema, value, `[${index}]`));
  }

  records<S extends Schema>(name: ListName, schema: S): Promise<Output<S>[]> {
    return this.list(listPaths[name], schema);
  }

  /** Validates a value of an entry. `place` is the position of the value in the entry. */
  parse<S extends Schema>(path: string, schema: S, value: unknown, place = ''): Output<S> {
    try {
      const checked = validate(schema, value);
      if ('output' in checked) return checked.output;
      const { mismatch } = checked;
      const at = [place, mismatch.place].filter(Boolean).join('.');
      throw this.invalid(path, own('field-invalid', at, mismatch.expected, mismatch.received));
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.details.kind === 'project-invalid') throw thrown;
      throw this.invalid(path, `${place}: ${thrown instanceof Error ? thrown.message : ''}`.slice(0, 300), thrown);
    }
  }

  async #json(path: string): Promise<unknown> {
    const bytes = await this.read(path);
    try {
      return parseForeignJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch (cause) {
      const reason = cause instanceof JsonTooDeep ? own('nested-containers', maxJsonDepth) : own('not-json');
      throw this.invalid(path, reason, cause);
    }
  }
}

/** Whether an archive was refused because of an entry that project files don't have, such as a compressed document. */
function namesForeignEntry(thrown: unknown): boolean {
  const details = thrown instanceof AppError ? thrown.details : null;
  return details?.kind === 'project-invalid' && details.entry !== undefined && !isProjectPath(details.entry);
}

/** Maximum size of a file that is read as an experiment file. */
const mostExperimentBytes = 4 * 1024 * 1024;

/** Whether a file is a JSON object with the fields of an experiment file. */
async function isExperimentFile(file: File): Promise<boolean> {
  if (file.size > mostExperimentBytes) return false;
  try {
    const value = parseForeignJson((await file.text()).replace(/^\uFEFF/, ''));
    return isObject(value) && ('stages' in value || 'locations' in value);
  } catch {
    return false;
  }
}

function parseManifest(text: string): Manifest | null {
  try {
    const checked = validate(manifestSchema, parseForeignJson(text));
    return 'output' in checked ? checked.output : null;
  } catch {
    return null;
  }
}
