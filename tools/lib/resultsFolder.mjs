import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { lockFolder } from './folderLock.mjs';

/** Subfolder of `--out` for new results until they replace earlier ones. */
export const unfinishedFolder = 'recallsmith-unfinished';
/** The report in each format, next to metrics.json, which lists their SHA-256. */
const reportNames = ['report.html', 'report.md', 'report.xlsx'];
/**
 * The results, in the order in which they are put in place. metrics.json comes last, so a folder that has it is
 * complete.
 */
const resultNames = ['export', 'events.jsonl', ...reportNames, 'metrics.json'];

const json = async (path) => JSON.parse(await readFile(path, 'utf8'));

/** Returns the paths of the exported files that the metrics of an experiment list, or null for any other file. */
function exportedBy(metrics) {
  if (typeof metrics.experimentHash !== 'string') return null;
  // The runs of a comparison are not exported.
  if (metrics.compare === 'negatives') return [];
  if (typeof metrics.weightsSha256 !== 'string' && !Array.isArray(metrics.sweep?.runs)) return null;
  return metrics.export.files.map((file) => file.path);
}

/**
 * Returns the files that a metrics.json lists: the paths of exported files, and the SHA-256 of each report by name.
 * Returns null unless the same command wrote the file.
 */
async function listedBy(path, command) {
  try {
    const metrics = await json(path);
    const exported = command === 'experiment' ? exportedBy(metrics) : metrics.command === command ? [] : null;
    return exported && { exported, report: metrics.report ?? {} };
  } catch {
    return null;
  }
}

const sha256Of = async (path) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

/** Whether a file begins with an event in the form that this command writes. */
async function hasEvents(path) {
  try {
    const text = await readFile(path, 'utf8');
    if (text === '') return true;
    const first = JSON.parse(text.slice(0, text.indexOf('\n')));
    return Number.isInteger(first.seq) || (Number.isInteger(first.step) && Number.isFinite(first.lr));
  } catch {
    return false;
  }
}

/** Returns the paths of all files below a folder, relative to it and with slashes. */
async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      relative(folder, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    );
}

/**
 * The results in `--out`. They are written to a subfolder and replace earlier results only once they are complete.
 * Never replaces files that this command did not write. Only one process at a time can open a folder.
 */
export class ResultsFolder {
  #out;
  #unlock;
  #command;

  constructor(out, unlock, command) {
    this.#out = out;
    this.#unlock = unlock;
    this.#command = command;
  }

  /**
   * Opens an existing folder for a command: `experiment`, `evaluate` or `compare`. Throws if another process writes
   * there, or if results would replace files that the same command did not write.
   */
  static async open(out, command = 'experiment') {
    const unlock = await lockFolder(out);
    if (!unlock)
      throw new Error(`Another command is writing its results to ${out}; wait for it, or choose another --out.`);
    const folder = new ResultsFolder(out, unlock, command);
    try {
      // The process was killed while replacing earlier results, so finish that.
      if (existsSync(folder.#previous)) await folder.#replace();
      await folder.#refuseForeign();
      await mkdir(folder.unfinished, { recursive: true });
      await folder.#clear();
      return folder;
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** Folder of events.jsonl during the run. */
  get unfinished() {
    return join(this.#out, unfinishedFolder);
  }

  /** Folder of the exported files during the run. */
  get exportFolder() {
    return join(this.unfinished, 'export');
  }

  /** The folders for the page's files; see `jobRoutes`. */
  get folders() {
    const exported = this.#command === 'experiment' ? { exportFolder: this.exportFolder } : {};
    return { ...exported, reportFolder: this.unfinished };
  }

  get #previous() {
    return join(this.unfinished, 'previous');
  }

  /** Replaces earlier results with those of this run. */
  async finish(metrics) {
    const report = {};
    for (const name of reportNames) {
      const path = join(this.unfinished, name);
      if (existsSync(path)) report[name] = await sha256Of(path);
    }
    const listed = Object.keys(report).length > 0 ? { ...metrics, report } : metrics;
    await writeFile(join(this.unfinished, 'metrics.json'), `${JSON.stringify(listed, null, 1)}\n`);
    // Files may have been added during the run.
    await this.#refuseForeign();
    await this.#replace();
  }

  /** Unlocks the folder. Removes the files that an unsuccessful run left, except its events. */
  async close() {
    if (existsSync(this.unfinished) && !existsSync(this.#previous)) {
      await this.#clear({ keepEvents: true });
      await this.#removeEmpty();
    }
    this.#unlock();
  }

  async #clear({ keepEvents = false } = {}) {
    for (const name of [...resultNames, 'events.jsonl.new']) {
      const path = join(this.unfinished, name);
      const { size = 0 } = (await stat(path).catch(() => null)) ?? {};
      if (keepEvents && name === 'events.jsonl' && size > 0) continue;
      await rm(path, { recursive: true, force: true });
    }
  }

  async #removeEmpty() {
    await rmdir(this.unfinished).catch((error) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  }

  /**
   * Puts the new results in place and deletes the earlier ones. If it is killed halfway, the next call finishes the
   * job.
   */
  async #replace() {
    await mkdir(this.#previous, { recursive: true });
    const [here, there] = [(name) => join(this.unfinished, name), (name) => join(this.#out, name)];
    const putAway = async (name) => {
      if (existsSync(there(name))) await rename(there(name), join(this.#previous, name));
    };
    // The new metrics.json moves last, so if it is missing, all results in place are new.
    if (existsSync(here('metrics.json'))) {
      const { report = {} } = await json(here('metrics.json'));
      await putAway('metrics.json');
      // Remove a report of earlier results, which would contradict the new ones. Listed reports may be in place
      // already.
      for (const name of reportNames) if (!(name in report)) await putAway(name);
    }
    for (const name of resultNames) {
      if (!existsSync(here(name))) continue;
      await putAway(name);
      await rename(here(name), there(name));
    }
    await rm(this.#previous, { recursive: true });
    await this.#removeEmpty();
  }

  async #refuseForeign() {
    const found = await this.#foreign();
    if (found === null) return;
    const { name, why } = typeof found === 'string' ? { name: found, why: 'which it did not write' } : found;
    throw new Error(
      `--out names ${this.#out}, where this command would replace ${name}, ${why}; choose another folder.`,
    );
  }

  /** Returns the first file that results would replace although this command did not write it in this form, or null. */
  async #foreign() {
    const [metrics, events, folder] = ['metrics.json', 'events.jsonl', 'export'].map((name) => join(this.#out, name));
    const listed = await listedBy(metrics, this.#command);
    if (existsSync(metrics) && listed === null) return 'metrics.json';
    for (const name of reportNames) {
      const path = join(this.#out, name);
      if (!existsSync(path)) continue;
      const wrote = listed?.report[name];
      if (wrote === undefined || !(await stat(path)).isFile()) return name;
      if ((await sha256Of(path)) !== wrote) return { name, why: 'which was changed since' };
    }
    if (this.#command !== 'experiment') return null;
    if (existsSync(events) && !(await hasEvents(events))) return 'events.jsonl';
    if (!existsSync(folder)) return null;
    if (listed === null || !(await stat(folder)).isDirectory()) return 'export';
    const own = new Set(listed.exported);
    const added = (await filesBelow(folder)).find((path) => !own.has(path));
    return added === undefined ? null : `export/${added}`;
  }
}
