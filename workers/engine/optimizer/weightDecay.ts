/** Whether weight decay applies: to everything except biases and LayerNorm. */
export function hasWeightDecay(name: string): boolean {
  return !name.endsWith('bias') && !name.includes('LayerNorm');
}
