import { describe, expect, it } from 'vitest';
import { RunControl } from '../../../workers/services/train/runControl';

const cancelled = { details: { kind: 'cancelled' } };

describe('the control of a run', () => {
  it('lets a running job pass, after messages that were waiting', async () => {
    const control = new RunControl();
    const order: string[] = [];
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      order.push('message');
      channel.port1.close();
    };
    channel.port2.postMessage(null);
    await control.checkpoint(
      () => Promise.resolve(void order.push('pause')),
      () => Promise.resolve(void order.push('continue')),
    );
    order.push('passed');
    expect(order).toEqual(['message', 'passed']);
  });

  it('holds a paused job until it continues, and calls both callbacks once', async () => {
    const control = new RunControl();
    expect(control.paused).toBe(false);
    control.pause();
    control.pause();
    expect(control.paused).toBe(true);
    const order: string[] = [];
    const passing = control
      .checkpoint(
        () => Promise.resolve(void order.push('paused')),
        () => Promise.resolve(void order.push('continued')),
      )
      .then(() => order.push('passed'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(order).toEqual(['paused']);
    control.continue();
    await passing;
    expect([control.paused, order]).toEqual([false, ['paused', 'continued', 'passed']]);
    await control.checkpoint(() => Promise.reject(new Error('pauses again')));
  });

  it('keeps holding a job that is paused again while it is about to continue', async () => {
    const control = new RunControl();
    control.pause();
    let passed = false;
    const passing = control.checkpoint().then(() => (passed = true));
    await new Promise((resolve) => setTimeout(resolve, 10));
    control.continue();
    control.pause();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(passed).toBe(false);
    control.continue();
    expect(await passing).toBe(true);
  });

  it('ends a cancelled job at its next checkpoint, whether it runs or is paused', async () => {
    const running = new RunControl();
    running.cancel();
    await expect(running.checkpoint(() => Promise.reject(new Error('paused')))).rejects.toMatchObject(cancelled);
    const paused = new RunControl();
    paused.pause();
    const order: string[] = [];
    const waiting = paused.checkpoint(undefined, () => Promise.resolve(void order.push('continued')));
    await new Promise((resolve) => setTimeout(resolve, 10));
    paused.cancel();
    await expect(waiting).rejects.toMatchObject(cancelled);
    expect(order).toEqual([]);
  });

  it('does not pause a job that was cancelled and then paused', async () => {
    const control = new RunControl();
    control.cancel();
    control.pause();
    await expect(control.checkpoint()).rejects.toMatchObject(cancelled);
  });
});
