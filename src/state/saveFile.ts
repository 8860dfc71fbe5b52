/** Saves a blob through the browser's downloads. */
export function saveFile(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = fileName;
  anchor.click();
  // Once started, the download holds its own reference to the blob; a minute is plenty for that.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
