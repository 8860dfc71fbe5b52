/** Prints the rows of the benchmark as one table. */
export function printTable(results) {
  const columns = ['', 'figure', 'ours', 'peer', 'ratio', 'bar'];
  const lines = results.map(({ met, figure, ours, peer, ratio = '', bar }) => [
    met ? '✓' : '✗',
    figure,
    ours,
    peer,
    ratio,
    bar,
  ]);
  const widths = columns.map((title, i) => Math.max(title.length, ...lines.map((line) => String(line[i]).length)));
  for (const line of [columns, ...lines])
    console.log(
      line
        .map((cell, i) => String(cell).padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    );
}
