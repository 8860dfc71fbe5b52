/**
 * Returns the stage that a step belongs to, and whether it is the stage's last one. Step 0, before the first one,
 * belongs to the first stage.
 */
export function stageOfStep(
  step: number,
  batches: readonly (readonly number[][])[],
): { stage: number; isEnd: boolean } {
  let end = 0;
  const stage = batches.findIndex((ofStage) => step <= (end += ofStage.length));
  return { stage: Math.max(0, stage), isEnd: step > 0 && step === end };
}
