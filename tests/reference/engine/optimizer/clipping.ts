/**
 * Returns the factor that torch.nn.utils.clip_grad_norm_ uses, min(1, clip/(norm + 1e-6)). A clip norm of 0 turns
 * clipping off.
 */
export function clipFactor(norm: number, clipNorm: number): number {
  return clipNorm > 0 ? Math.min(1, clipNorm / (norm + 1e-6)) : 1;
}
