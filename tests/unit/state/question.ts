/** Returns a question that is answered, or fails, when the test says so. */
export function question<T>() {
  let [answer, fail]: [(value: T) => void, (error: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<T>((resolve, reject) => ([answer, fail] = [resolve, reject]));
  return { read: () => promise, answer: (value: T) => answer(value), fail: (error: Error) => fail(error) };
}
