import { describe, expect, it } from 'vitest';
import { canResume } from '../../../src/domain/train/canResume';

describe('a stopped run', () => {
  it('may resume after an interruption or a failure, but not once it was refused because its rows changed', () => {
    expect(canResume({ status: 'interrupted' })).toBe(true);
    expect(canResume({ status: 'failed', error: { kind: 'gpu-device-lost', reason: 'x' } })).toBe(true);
    expect(canResume({ status: 'failed', error: { kind: 'rows-changed', recorded: false } })).toBe(false);
    for (const status of ['running', 'paused', 'queued', 'cancelled', 'done'] as const)
      expect(canResume({ status })).toBe(false);
  });
});
