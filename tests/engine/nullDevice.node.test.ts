import { expect, it } from 'vitest';
import { nullGpu } from './nullDevice';

it("new buffers of Dawn's null backend are zero, although it reuses memory", async () => {
  const { gpu, errors } = await nullGpu();
  for (const floats of [16, 1024, 65_536, 1_000_000])
    for (let round = 0; round < 4; round++) {
      const size = 4 * floats;
      const [used, read] = [0, 1].map(() =>
        gpu.device.createBuffer({ size, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST }),
      );
      if (!used || !read) throw new Error('no buffer');
      const staging = gpu.device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
      gpu.device.queue.writeBuffer(used, 0, new Float32Array(floats).fill(NaN));
      const encoder = gpu.device.createCommandEncoder();
      encoder.copyBufferToBuffer(read, 0, staging, 0, size);
      gpu.device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      expect(new Float32Array(staging.getMappedRange()).every((value) => value === 0)).toBe(true);
      for (const buffer of [used, read, staging]) buffer.destroy();
    }
  expect(errors).toEqual([]);
  gpu.dispose();
});
