/** Saves a blob through the browser's downloads. */
export function saveFile(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = fileName;
  anchor.click();
  // A started download holds its own reference to the blob, and a minute is enough to start it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
