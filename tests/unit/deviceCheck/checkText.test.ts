import { describe, expect, it } from 'vitest';
import type { DeviceCheck } from '../../../src/domain/deviceCheck/deviceCheck';
import { checkText, checkVerdict, mixedVerdict, peerText } from '../../../src/ui/deviceCheck/checkText';
import { en } from '../../../src/ui/i18n/en';
import { errorSentences } from '../../../src/ui/i18n/errors';
import { zh } from '../../../src/ui/i18n/zh';

const gradient = 'encoder.layer.0.output.dense.weight';
const right: DeviceCheck = {
  device: { backend: 'webgpu', reason: 'webgpu-available', adapter: null, threads: 0, simd: false },
  ...{ browser: 'a browser', kernels: 3, checkedAt: 0, tokens: 1304, layers: 2 },
  results: [
    {
      precision: 'full',
      stepMs: 12,
      errors: [
        { tensor: gradient, error: 2.2e-6 },
        { tensor: 'loss', error: 0 },
      ],
    },
    { precision: 'mixed', stepMs: 11, errors: [{ tensor: 'loss', error: 0.004 }] },
  ],
  peer: { worst: { tensor: 'loss', error: 3e-6 }, stepMs: 375, engineMs: 12.1 },
};
const wrong: DeviceCheck = {
  ...right,
  results: [{ precision: 'full', stepMs: 12, errors: [{ tensor: gradient, error: 0.031 }] }],
};

describe('the texts of a device check', () => {
  it('say how far the device agrees and how much faster than tfjs it is', () => {
    expect(checkVerdict(en, right)).toEqual({ text: 'Agrees to 2e-6; 31 times faster than tfjs', wrong: false });
    expect(checkVerdict(zh, right).text).toBe('误差不超过 2e-6；速度是 tfjs 的 31 倍');
    expect(mixedVerdict(en, right)?.text).toBe('Mixed precision: agrees to 4e-3');
    expect(peerText(en, right)).toBe(
      '12.1 ms per step here, 375 ms in tfjs; tfjs agrees with double precision to 3e-6',
    );
  });

  it('contain only comparisons that were made', () => {
    const onCpu = { ...right, peer: null, results: right.results.slice(0, 1) };
    expect(checkVerdict(en, onCpu).text).toBe('Agrees to 2e-6');
    expect([mixedVerdict(en, onCpu), peerText(en, onCpu)]).toEqual([null, null]);
  });

  it('report why tfjs failed and still judge the device', () => {
    const failed = { ...right, peer: { failed: 'shader "MatMul" is invalid' } };
    expect(checkVerdict(en, failed).text).toBe('Agrees to 2e-6');
    expect(peerText(en, failed)).toContain('tfjs failed on this GPU (shader "MatMul" is invalid)');
  });

  it('do not call tfjs correct if it is wrong, or slower if it is faster', () => {
    const peer = { worst: { tensor: 'loss', error: null }, stepMs: 6, engineMs: 12 };
    expect(checkVerdict(en, { ...right, peer }).text).toBe('Agrees to 2e-6; 0.5 times as fast as tfjs');
    expect(peerText(en, { ...right, peer })).toContain('the loss is not finite');
  });

  it('name the tensor that is wrong, on the screen and in the error that refuses the device', () => {
    expect(checkVerdict(en, wrong)).toEqual({
      text: `Wrong results: the gradient of ${gradient} is off by 3e-2`,
      wrong: true,
    });
    const details = {
      kind: 'device-wrong',
      backend: 'webgpu',
      precision: 'full',
      tensor: gradient,
      error: 0.031,
    } as const;
    const sentences = errorSentences(details);
    expect(sentences.en).toContain(`(the gradient of ${gradient} is off by 3e-2, where 1e-3 is allowed)`);
    expect(sentences.zh).toContain(`（${gradient} 的梯度相差 3e-2，最多可差 1e-3）`);
    expect(errorSentences({ ...details, tensor: 'loss', error: null }).en).toContain('(the loss is not finite)');
    expect(errorSentences({ ...details, precision: 'mixed' }).en).toMatch(
      /in mixed precision.*; set the precision back/,
    );
    expect(errorSentences({ ...details, backend: 'wasm' }).en).toMatch(/^The CPU \(wasm\).*another computer\.$/);
  });

  it('are lines of the report, with the worst tensors of each precision', () => {
    expect(checkText(en, right).split('\n')).toEqual([
      'Check this device: Agrees to 2e-6; 31 times faster than tfjs',
      'Mixed precision: agrees to 4e-3',
      '12.1 ms per step here, 375 ms in tfjs; tfjs agrees with double precision to 3e-6',
      `full: ${gradient} 2e-6, loss 0`,
      'mixed: loss 4e-3',
    ]);
  });
});
