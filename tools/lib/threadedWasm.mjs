/**
 * tfjs starts its wasm threads from the source text of one of its own functions (`Function.prototype.toString`). A minifier renames
 * what that function takes from outside, and every thread dies with a ReferenceError. This makes the function self-contained: the
 * address of its script is never used, because tfjs passes a blob. For `plugins` and for `worker.plugins`.
 */
export function threadedWasm() {
  const outside = [
    ['typeof _scriptDir !== "undefined" && _scriptDir', 'false'],
    ['Module["mainScriptUrlOrBlob"]||_scriptDir', 'Module["mainScriptUrlOrBlob"]'],
    ['scriptDirectory=_scriptDir', 'scriptDirectory=""'],
  ];
  return {
    name: 'threaded-wasm',
    transform(code, id) {
      if (!/tfjs-backend-wasm-threaded-simd\.js(\?|$)/.test(id)) return null;
      let result = code;
      for (const [from, to] of outside) {
        if (!result.includes(from)) this.error(`tfjs's threaded wasm has changed: ${from}`);
        result = result.replace(from, to);
      }
      return { code: result, map: null };
    },
  };
}
