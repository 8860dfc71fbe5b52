/** Formats a cosine with two to four digits and a typographic minus: "0.62", "−0.05". */
export function scoreText(score: number): string {
  const text = score.toFixed(4).replace(/0{1,2}$/, '');
  return text.replace('-', '−');
}
