import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { DevicePreference } from '../domain/device';
import type { Language } from '../domain/language';
import { isLoss } from '../domain/lostContent';
import { sameValue } from '../domain/project/sameValue';
import { remember, remembered } from './localChoices';

type Theme = 'auto' | 'light' | 'dark';

/** Errors about a file that was refused or could not be loaded. */
const refusals: ReadonlySet<AppErrorDetails['kind']> = new Set([
  'import-failed',
  'model-invalid',
  'download-failed',
  'quota-exceeded',
]);

/** Errors with consequences beyond the action in which they occurred. They stay until they are dismissed. */
const lasting: ReadonlySet<AppErrorDetails['kind']> = new Set([
  'quota-exceeded',
  'storage-failed',
  'worker-crashed',
  'gpu-device-lost',
  'unexpected',
]);

/** A short message at the edge of the page. If `undo` is set, the message has an undo button until it disappears. */
interface Notice {
  id: number;
  text: string;
  undo?: () => void;
}

const noticeMs = 6000;

function firstLanguage(): Language {
  const stored = remembered('language');
  if (stored === 'zh' || stored === 'en') return stored;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

function firstTheme(): Theme {
  const stored = remembered('theme');
  return stored === 'light' || stored === 'dark' ? stored : 'auto';
}

function firstDevice(): DevicePreference {
  const stored = remembered('device');
  return stored === 'webgpu' || stored === 'wasm' ? stored : 'auto';
}

function firstMemoryBudget(): number | null {
  const stored = Number(remembered('memoryBudget') ?? NaN);
  return Number.isFinite(stored) && stored > 0 ? stored : null;
}

/** State of the page rather than of an experiment: language, theme, device preference, errors, notices. */
class AppState {
  language = $state<Language>(firstLanguage());
  theme = $state<Theme>(firstTheme());
  devicePreference = $state<DevicePreference>(firstDevice());
  /** Memory budget of a run on this machine, in bytes; null for the device's default. */
  memoryBudget = $state<number | null>(firstMemoryBudget());
  error = $state.raw<AppErrorDetails | null>(null);
  notices = $state.raw<Notice[]>([]);
  paletteOpen = $state(false);
  #systemDark = $state(false);
  #nextNotice = 1;

  readonly dark = $derived(this.theme === 'dark' || (this.theme === 'auto' && this.#systemDark));

  constructor() {
    const query = matchMedia('(prefers-color-scheme: dark)');
    this.#systemDark = query.matches;
    query.addEventListener('change', (event) => (this.#systemDark = event.matches));
  }

  setLanguage(language: Language): void {
    this.language = language;
    remember('language', language);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    remember('theme', theme);
  }

  setDevicePreference(preference: DevicePreference): void {
    this.devicePreference = preference;
    remember('device', preference);
  }

  setMemoryBudget(bytes: number | null): void {
    this.memoryBudget = bytes;
    remember('memoryBudget', bytes === null ? '' : String(bytes));
  }

  /** Shows the error in the error panel. A cancellation by the user is not an error. */
  report(thrown: unknown): void {
    const { details } = toAppError(thrown);
    if (details.kind !== 'cancelled') this.error = details;
  }

  /** Call when a file was accepted. Hides an earlier error about a refused file or lost content. */
  fileAccepted(): void {
    if (this.error && (refusals.has(this.error.kind) || isLoss(this.error))) this.error = null;
  }

  /** Call when the user opens another screen or stage. Hides an error about something done on the one before. */
  screenLeft(): void {
    if (this.error && !lasting.has(this.error.kind)) this.error = null;
  }

  /** Call when another part of the screen shows this error. Hides it from the top of the page. */
  shownElsewhere(details: AppErrorDetails): void {
    if (this.error && sameValue(this.error, details)) this.error = null;
  }

  /** Call when the user starts, continues or resumes a run. An error of an earlier try no longer applies. */
  runStarted(): void {
    if (this.error && this.error.kind !== 'storage-failed') this.error = null;
  }

  /** Runs `work`. If it fails, shows the error in the error panel and returns undefined. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (thrown) {
      this.report(thrown);
      return undefined;
    }
  }

  /** Shows a notice for a while. Replaces a notice with the same text, unless that one offers an undo. */
  notify(text: string, undo?: () => void): void {
    const id = this.#nextNotice++;
    const others = this.notices.filter((notice) => notice.undo || notice.text !== text);
    this.notices = [...others, undo ? { id, text, undo } : { id, text }];
    setTimeout(() => this.dismiss(id), noticeMs);
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
  }
}

export const app = new AppState();
