/** Choices that belong to this browser, such as the language. Without localStorage they last until the page closes. */

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`recallsmith-${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`recallsmith-${key}`, value);
  } catch {
    // localStorage is blocked or full: the app still works, but forgets the choice.
  }
}
