/**
 * Returns a cell of a CSV file. A cell that a spreadsheet would take for a formula begins with an apostrophe, which the
 * spreadsheet hides.
 */
export function csvCell(text: string): string {
  const guarded = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
