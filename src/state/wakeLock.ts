/**
 * Keeps the computer awake while `work` runs. Browsers drop the wake lock of a hidden page, so it is requested again
 * when the page becomes visible.
 */
export async function whileAwake<T>(work: () => Promise<T>): Promise<T> {
  const held: { lock: WakeLockSentinel | null } = { lock: null };
  const ask = async (): Promise<void> => {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    // If the browser refuses (low battery, policy), the computer may go to sleep, but nothing else changes.
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
