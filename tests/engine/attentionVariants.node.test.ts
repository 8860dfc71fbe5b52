import { describe, expect, it } from 'vitest';
import { withHalfPrecision } from '../../workers/engine/halfPrecision';
import type { Kernel } from '../../workers/engine/kernel';
import { attentionTiling } from '../../workers/engine/ops/attention/attentionTilings';
import { tiledKeyValueKernel, tiledQueryKernel } from '../../workers/engine/ops/attention/tiledBackward';
import { tiledForwardKernel } from '../../workers/engine/ops/attention/tiledForward';
import type { AttentionTileVariant } from '../../workers/engine/ops/attention/tileWriter';
import { tileBytes, tileThreads, type AttentionPass } from '../../workers/engine/ops/attention/tiling';
import { nullDevice } from './nullDevice';

/** Limits of workgroup memory that browsers report: WebGPU's lowest, and those of common adapters. */
const limits = [16_384, 28_672, 32_768, 49_152, 65_536];
const halves = ['qkv', 'y', 'dy', 'dqkv'];

const kernels: Record<AttentionPass, (variant: AttentionTileVariant) => Kernel> = {
  forward: tiledForwardKernel,
  queries: tiledQueryKernel,
  keyValues: tiledKeyValueKernel,
};

/** Returns the bytes of the workgroup memory that WGSL declares. */
function declaredBytes(code: string): number {
  const declarations = [...code.matchAll(/var<workgroup> \w+: array<(\S+), (\d+)>/g)];
  return declarations.reduce((sum, [, type, count]) => sum + Number(count) * (type === 'f32' ? 4 : 16), 0);
}

describe.each(['forward', 'queries', 'keyValues'] as const)(
  "the tiled attention kernels on Dawn's null backend (%s)",
  (pass) => {
    it.each([32, 64] as const)(
      'compile for heads of %i numbers in float32 and half precision and keep to every limit of workgroup memory',
      async (headSize) => {
        const device = await nullDevice(['shader-f16']);
        for (const limit of limits)
          for (const dropout of [false, true]) {
            const tiling = attentionTiling(pass, headSize, limit);
            const kernel = kernels[pass]({ headSize, tiling, dropout });
            expect(declaredBytes(kernel.code)).toBe(tileBytes(pass, tiling, headSize));
            expect(declaredBytes(kernel.code)).toBeLessThanOrEqual(limit);
            expect(tileThreads(tiling)).toBeLessThanOrEqual(256);
            const half = withHalfPrecision(
              kernel,
              [...kernel.reads, ...kernel.writes].filter((name) => halves.includes(name)),
            );
            for (const { code } of [kernel, half]) {
              const module = device.createShaderModule({ code });
              expect((await module.getCompilationInfo()).messages.map(({ message }) => message)).toEqual([]);
              // The null device's own limit is the lowest, so only these can become pipelines.
              if (limit === limits[0])
                await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
            }
          }
        device.destroy();
      },
    );
  },
);
