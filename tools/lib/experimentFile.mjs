import { access, constants, readFile, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, posix, relative, resolve, sep } from 'node:path';
import { reasonOf } from './errors.mjs';
import { isTooDeep, jsonFaultLine, maxDepth } from './jsonFault.mjs';

/** Files of a model folder that the page may need. Other formats of the same weights are skipped. */
const modelFile = /\.(json|txt|safetensors|bin|md)$/;
/** Matches a location that names a model on a hub instead of a folder. The page fetches such a model. */
const hubModel = /^hub:\w[\w.-]*(\/\w[\w.-]*)?(@\w[\w./-]*)?$/;
const fileSlots = [
  ...['knowledgeBase', 'pairs', 'scoredPairs', 'devQuestions', 'testQuestions'],
  ...['batches', 'labelDecisions'],
];

async function mustBe(kind, path, where) {
  const info = await stat(path).catch(() => null);
  if (!info) throw new Error(`${where} names ${path}, which does not exist.`);
  await access(path, constants.R_OK).catch((error) => {
    throw new Error(`${where} names ${path}, which cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  if (kind === 'file' ? !info.isFile() : !info.isDirectory())
    throw new Error(`${where} names ${path}, which is not a ${kind}.`);
}

/** Whether an entry of a folder is a file, or a link to one: the hub's cache consists of links. */
async function isFile(entry, path) {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

async function modelFiles(folder, prefix = '') {
  const found = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory() && !/^(onnx|openvino)$/.test(entry.name))
      found.push(...(await modelFiles(folder, `${path}/`)));
    else if (modelFile.test(entry.name) && (await isFile(entry, join(folder, path)))) found.push(path);
  }
  return found.sort();
}

/** Text files of a model folder that an ONNX model needs, and the files with the external data of its graph. */
const onnxTextFile = /\.(json|txt)$/;
const onnxDataEnding = /^[._]data(_\d+)?$/;

/** Returns the paths of a folder's text files, and of one graph with its external data. */
async function onnxFiles(folder, graph, where) {
  if (posix.normalize(graph) !== graph || /^(\/|\.\.(\/|$))/.test(graph))
    throw new Error(`${where} is ${graph}; write the path of the graph inside the folder, such as onnx/model.onnx.`);
  await mustBe('file', join(folder, graph), where);
  const all = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (await isFile(entry, path)) all.push(relative(folder, path).split(sep).join('/'));
  }
  const isData = (path) => path.startsWith(graph) && onnxDataEnding.test(path.slice(graph.length));
  return all.filter((path) => onnxTextFile.test(path) || path === graph || isData(path)).sort();
}

/** Parses a file with one JSON object. `what` describes the file, with an article, in error sentences. */
function parsed(path, text, what) {
  let json;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const line = jsonFaultLine(text) ?? 1;
    throw new Error(`${path}, line ${line}: not valid JSON; check quotes, commas and brackets.`, { cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Error(`${path} contains ${text.trim().slice(0, 40)}, not ${what}: expected one object, {…}.`);
  if (isTooDeep(json)) throw new Error(`${path} is nested more than ${maxDepth} levels deep, too deep for ${what}.`);
  return json;
}

/** Returns the paths of a slot's files. A location is a path, an object with a path, or a list of these. */
function pathsOf(location, where) {
  const paths = (Array.isArray(location) ? location : [location]).map((one) =>
    typeof one === 'object' && one !== null ? one.path : one,
  );
  const wrong = paths.findIndex((path) => typeof path !== 'string' || path === '');
  if (wrong >= 0)
    throw new Error(`${where} names no file; give a path, or an object with the path of the file in "path".`);
  return paths;
}

/**
 * Returns the name of the model and the files to serve; no files if the page fetches the model from a hub. `onnx` is
 * the path of a graph in the folder, for a model that transformers.js runs.
 */
async function readModel(slot, location, folder, { where = `locations.${slot}`, onnx, onnxWhere } = {}) {
  if (location === undefined) return { modelName: '', inputs: [] };
  if (String(location).startsWith('hub:')) {
    if (!hubModel.test(location))
      throw new Error(`${where} is ${location}, which names no model; write it like hub:OWNER/NAME@REVISION.`);
    return { modelName: '', inputs: [] };
  }
  await mustBe('folder', folder, where);
  const paths = onnx === undefined ? await modelFiles(folder) : await onnxFiles(folder, onnx, onnxWhere);
  const inputs = paths.map((path) => ({ slot, path, file: join(folder, path) }));
  return { modelName: basename(folder), inputs };
}

/** Reads a JSON file. */
async function readJson(path, what) {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw new Error(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  return parsed(path, text, what);
}

/** Returns the files of the slots in `locations`, which are relative to the file. */
async function dataInputs(path, locations) {
  const inputs = [];
  for (const slot of fileSlots) inputs.push(...(await slotInputs(path, slot, locations[slot], `locations.${slot}`)));
  return inputs;
}

/** Returns the files of one slot; `where` names its place in the file at `path`. */
async function slotInputs(path, slot, location, where) {
  if (location === undefined) return [];
  const inputs = [];
  for (const one of pathsOf(location, where)) {
    const file = resolve(dirname(path), String(one));
    await mustBe('file', file, where);
    inputs.push({ slot, path: basename(file), file });
  }
  return inputs;
}

/** Returns the files of a probe set, in slots of its own. */
async function probeInputs(path, { probe }) {
  if (typeof probe !== 'object' || probe === null) return [];
  const { knowledgeBase, questions } = probe;
  return [
    ...(await slotInputs(path, 'probeKnowledgeBase', knowledgeBase, 'probe.knowledgeBase')),
    ...(await slotInputs(path, 'probeDevQuestions', questions, 'probe.questions')),
  ];
}

/**
 * Reads an evaluation file and finds the files of its data and models. Returns the same form as `readExperimentFile`,
 * with models in the slots `model0`, `model1` and so on.
 */
export async function readEvaluationFile(path) {
  const json = await readJson(path, 'an evaluation');
  const inputs = [...(await dataInputs(path, json.locations ?? {})), ...(await probeInputs(path, json))];
  const models = Array.isArray(json.models) ? json.models : [];
  for (const [index, model] of models.entries()) {
    const { location, onnx } = model ?? {};
    if (typeof location !== 'string') continue;
    const folder = resolve(dirname(path), location);
    const where = `models.${index}`;
    const graph = typeof onnx === 'string' ? { onnx, onnxWhere: `${where}.onnx` } : {};
    const read = await readModel(`model${index}`, location, folder, { where: `${where}.location`, ...graph });
    inputs.push(...read.inputs);
  }
  return { json, fileName: basename(path), name: basename(path).replace(/\.json$/, ''), inputs };
}

/** Reads the metrics.json of a folder that an earlier command wrote. */
export async function readMetrics(folder) {
  await mustBe('folder', folder, 'The command');
  const path = join(folder, 'metrics.json');
  await mustBe('file', path, 'The command');
  return readJson(path, 'results');
}

/**
 * Reads an experiment file and finds the files named in its `locations`, which are relative to it. `inputs` lists the
 * files to serve to the page as { slot, path, file }. `path` is the path in the model folder, or the name of a data
 * file.
 */
export async function readExperimentFile(path) {
  const json = await readJson(path, 'an experiment');
  const locations = json.locations ?? {};
  const inputs = [...(await dataInputs(path, locations)), ...(await probeInputs(path, json))];
  const place = (location) => resolve(dirname(path), String(location));
  const model = await readModel('model', locations.model, place(locations.model));
  const miner = await readModel('negativesModel', locations.negativesModel, place(locations.negativesModel));
  const guide = await readModel('guideModel', locations.guideModel, place(locations.guideModel));
  const teacher = await readModel('teacherModel', locations.teacherModel, place(locations.teacherModel));
  return {
    json,
    fileName: basename(path),
    name: basename(path).replace(/\.json$/, ''),
    modelName: model.modelName,
    negativesModelName: miner.modelName,
    guideModelName: guide.modelName,
    teacherModelName: teacher.modelName,
    inputs: [...inputs, ...model.inputs, ...miner.inputs, ...guide.inputs, ...teacher.inputs],
  };
}
