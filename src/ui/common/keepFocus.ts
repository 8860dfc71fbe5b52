const focusable = 'button:not(:disabled), a[href], input:not(:disabled), select:not(:disabled), summary';

/**
 * Keeps the keyboard focus inside an element. If the focused control is replaced, such as a button by its result or by
 * a progress bar, the focus moves to the first control in its place, or to the place itself. Attach it with
 * `{@attach}`.
 */
export function keepFocus(container: HTMLElement): () => void {
  /** The last focused element and its ancestors, up to the container. */
  let path: HTMLElement[] = [];

  function focused({ target }: FocusEvent): void {
    path = [];
    for (let at = target as HTMLElement | null; at; at = at.parentElement) {
      path.push(at);
      if (at === container) break;
    }
  }

  /** Forgets the element if the user left it; an element that is removed loses the focus too. */
  function left({ relatedTarget }: FocusEvent): void {
    const [last] = path;
    if (relatedTarget !== null) path = [];
    else
      setTimeout(() => {
        if (last === path[0] && last?.isConnected && document.activeElement !== last) path = [];
      });
  }

  const observer = new MutationObserver(() => {
    const [last] = path;
    if (!last || last.isConnected || document.activeElement !== document.body) return;
    const place = path.find((element) => element.isConnected) ?? container;
    const next = place.querySelector<HTMLElement>(focusable);
    if (!next) place.tabIndex = -1;
    (next ?? place).focus({ preventScroll: true });
  });
  container.addEventListener('focusin', focused);
  container.addEventListener('focusout', left);
  observer.observe(container, { childList: true, subtree: true });
  return () => {
    observer.disconnect();
    container.removeEventListener('focusin', focused);
    container.removeEventListener('focusout', left);
  };
}
