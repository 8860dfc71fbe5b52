/** Keeps the screen's machine awake while `work` runs; browsers grant that to visible pages only, so it is asked for again. */
export async function whileAwake<T>(work: () => Promise<T>): Promise<T> {
  const held: { lock: WakeLockSentinel | null } = { lock: null };
  const ask = async (): Promise<void> => {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    // A refusal (low battery, policy) only means that the machine may sleep.
    held.lock = await navigator.wakeLock.request('screen').catch(() => null);
  };
  const again = (): void => void ask();
  document.addEventListener('visibilitychange', again);
  await ask();
  try {
    return await work();
  } finally {
    document.removeEventListener('visibilitychange', again);
    await held.lock?.release();
  }
}
