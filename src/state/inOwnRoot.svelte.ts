/**
 * Creates state that outlives the screen that asks for it first. Without its own root, every `$derived` in it would
 * belong to that screen and stop updating when the screen closes.
 */
export function inOwnRoot<T>(create: () => T): T {
  const created: T[] = [];
  $effect.root(() => {
    created.push(create());
  });
  const [state = create()] = created;
  return state;
}
