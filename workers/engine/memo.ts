/** Wraps `make` so that it runs once per key. Keys with equal JSON count as the same. */
export function memo<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<string, Value>();
  return (key) => {
    const text = JSON.stringify(key);
    const known = made.get(text);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(text, value);
    return value;
  };
}
