import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { kernel } from '../../workers/engine/kernel';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import type { TokenBatch } from '../../workers/engine/model/tokenBatch';
import { layOutSegments } from '../../workers/engine/model/segmentLayout';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { dropoutApply } from '../../workers/engine/ops/dropout/dropout';
import { Trainer } from '../../workers/engine/trainer';
import { wasmFeatures } from '../../workers/engine/wasm/wasmFeatures';
import type { ThreadStart } from '../../workers/engine/wasm/thread';
import { WasmEngine } from '../../workers/engine/wasm/wasmEngine';
import type { Thread } from '../../workers/engine/wasm/thread';
import { adamWConfig, bertConfig } from './configs';
import { wasmBase } from './environment';
import { seededRandom } from './random';
import { tokenBatch } from './tokenBatch';
import { tensorLayout } from './tensorLayout';

/** A model large enough for jobs of many items, and for the memory to grow beyond its initial size. */
const config = bertConfig({
  layers: 2,
  hiddenSize: 64,
  heads: 4,
  intermediateSize: 128,
  vocabularySize: 12_000,
  maxPositions: 128,
});

const steps = 3;

/** The app's thread code, as a module for Node's worker threads. */
const threadModule = (() => {
  const compiled = (name: string): string =>
    ts.transpileModule(readFileSync(`workers/engine/wasm/${name}.ts`, 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    }).outputText;
  const address = (code: string): string => `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
  const thread = address(compiled('thread').replace("'./control'", JSON.stringify(address(compiled('control')))));
  return address(`import { parentPort, workerData } from 'node:worker_threads';
import { instantiateThread } from ${JSON.stringify(thread)};
const control = instantiateThread(workerData);
parentPort.postMessage('ready');
control.serve();`);
})();

function startThread(start: ThreadStart): Promise<Thread> {
  const worker = new Worker(new URL(threadModule), { workerData: start });
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve({ stop: () => void worker.terminate() }));
    worker.once('error', reject);
  });
}

/**
 * Compiled modules. Each is fetched only once, because an idle connection would time out during seconds of computing.
 */
const modules = new Map<string, WebAssembly.Module>();

async function moduleOf(name: string): Promise<WebAssembly.Module> {
  const known = modules.get(name);
  if (known) return known;
  const response = await fetch(`${wasmBase}${name}.wasm`, { headers: { Connection: 'close' } });
  const module = await WebAssembly.compile(await response.arrayBuffer());
  modules.set(name, module);
  return module;
}

async function open(name: string, threads: number): Promise<WasmEngine> {
  const module = await moduleOf(name);
  return WasmEngine.open({ module, shared: name.endsWith('shared'), threads, startThread });
}

function batch(texts: number, salt: number): TokenBatch {
  const ids = (text: number): number[] =>
    Array.from({ length: 1 + ((text * 37 + salt * 13) % 110) }, (_, i) => 1 + ((i * 31 + text * 17 + salt) % 11_999));
  return tokenBatch(Array.from({ length: texts }, (_, text) => ids(text)));
}

/** Returns the SHA-256 of all weights after a few training steps. */
async function trained(name: string, threads: number): Promise<string> {
  const engine = await open(name, threads);
  const tensors = tensorLayout(parameterShapes(config));
  const plan = layOutSegments(tensors);
  const [weights, m, v] = [
    new SegmentTable(engine, plan),
    new SegmentTable(engine, plan),
    new SegmentTable(engine, plan),
  ];
  const random = seededRandom(3);
  for (const tensor of tensors)
    weights.write(
      tensor.name,
      Float32Array.from({ length: tensor.length }, () => (tensor.name.endsWith('Norm.weight') ? 1 : random() - 0.5)),
    );
  const trainer = new Trainer(
    {
      config,
      pooling: 'mean',
      dropout: 0.1,
      seed: 1,
      loss: infoNceLoss({ temperature: 0.05, directions: 'both' }),
      optimizer: adamWConfig(1e-3),
    },
    weights,
    { m, v },
  );
  for (let step = 1; step <= steps; step++)
    await trainer.step({ anchors: batch(9, step), candidates: batch(9, step + 50) }, 1e-3, step);
  const hash = createHash('sha256');
  for (const tensor of tensors) {
    const values = await weights.read(tensor.name);
    expect(values.every(Number.isFinite)).toBe(true);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  trainer.dispose();
  for (const table of [weights, m, v]) table.dispose();
  expect(engine.pool.liveArrays).toBe(0);
  engine.dispose();
  return hash.digest('hex');
}

describe('the wasm engine', () => {
  const kinds = wasmFeatures().relaxed ? ['plain', 'relaxed'] : ['plain'];

  it.each(kinds)(
    'trains to the same bits with any number of threads, in shared or unshared memory (%s)',
    async (kind) => {
      const alone = await trained(`${kind}-shared`, 1);
      for (const threads of [2, 3, 5]) expect(await trained(`${kind}-shared`, threads)).toBe(alone);
      expect(await trained(`${kind}-own`, 1)).toBe(alone);
    },
  );

  it('throws when a kernel fails and still runs the next one', async () => {
    const engine = await open('plain-shared', 2);
    const y = engine.commands.upload(new Float32Array(64).fill(2));
    const failing = kernel({
      name: 'failing',
      params: {},
      reads: {},
      writes: { y: 'f32' },
      workgroup: [1, 1, 1],
      body: '',
      wasm: { call: 'no such function', items: () => 1000, grain: 1 },
    });
    for (let again = 0; again < 3; again++) {
      expect(() => engine.commands.dispatch(failing, { y }, {})).toThrow('no wasm function');
      const dropped = dropoutApply(engine, y, { seed: 1, step: 1, op: 1, rate: 0.5 });
      expect(new Set(await engine.commands.read(dropped))).toEqual(new Set([0, 4]));
      engine.pool.free(dropped);
    }
    engine.pool.free(y);
    engine.dispose();
  });
});
