/* Runs before any module, in syntax that old browsers can parse, and says which browser is needed. */
(function () {
  function simd() {
    try {
      return WebAssembly.validate(
        new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]),
      );
    } catch (e) {
      return false;
    }
  }
  function moduleWorkers() {
    var seen = false;
    try {
      var address = URL.createObjectURL(new Blob(['']));
      new Worker(address, {
        get type() {
          seen = true;
          return 'module';
        },
      }).terminate();
      URL.revokeObjectURL(address);
    } catch (e) {
      /* Only whether the browser read the `type` option matters. */
    }
    return seen;
  }
  var missing = [];
  if (typeof WebAssembly === 'undefined' || !simd()) missing.push('WebAssembly SIMD');
  if (typeof Worker === 'undefined' || !moduleWorkers()) missing.push('module workers');
  if (!window.indexedDB) missing.push('IndexedDB');
  if (typeof CompressionStream === 'undefined') missing.push('CompressionStream');
  if (!window.isSecureContext) missing.push('HTTPS / localhost');
  if (!missing.length) return;
  document.documentElement.setAttribute('data-unsupported', 'true');
  window.addEventListener('DOMContentLoaded', function () {
    var note = document.getElementById('unsupported');
    if (!note) return;
    note.hidden = false;
    document.getElementById('unsupported-list').textContent = missing.join(', ');
  });
})();
