/** A tensor's relative error, which is null if one of its numbers is not finite. */
export interface TensorError {
  tensor: string;
  error: number | null;
}

interface ComparedStep {
  loss: number;
  gradients: ReadonlyMap<string, ArrayLike<number>>;
}

/**
 * This share of the norm of all gradients is added to each gradient's norm before dividing by it. Without it, a
 * gradient that is zero up to rounding, such as that of BERT's key biases, would have a huge relative error.
 */
const shareOfAll = 1e-3;

/** Name of the loss in a list of tensor errors. */
export const lossTensor = 'loss';

/**
 * Returns the relative errors of the loss and of every gradient, largest first: ‖Δ‖ / (‖g‖ + 1e-3·‖all gradients‖). A
 * gradient that the reference has and `own` lacks counts as not finite.
 */
export function tensorErrors(own: ComparedStep, reference: ComparedStep): TensorError[] {
  const norms = [...reference.gradients.values()].map((values) => distance(values));
  const all = Math.sqrt(norms.reduce((sum, norm) => sum + norm ** 2, 0));
  const errors = [...reference.gradients].map(([tensor, expected], i): TensorError => {
    const values = own.gradients.get(tensor);
    const off = values?.length === expected.length ? distance(values, expected) : NaN;
    return { tensor, error: finite(off / ((norms[i] ?? NaN) + shareOfAll * all)) };
  });
  const loss = { tensor: lossTensor, error: finite(Math.abs(own.loss - reference.loss) / Math.abs(reference.loss)) };
  return [loss, ...errors].sort((a, b) => (b.error ?? Infinity) - (a.error ?? Infinity));
}

function finite(error: number): number | null {
  return Number.isFinite(error) ? error : null;
}

/** Returns ‖a − b‖, or ‖a‖ if `b` is missing. */
function distance(a: ArrayLike<number>, b?: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? NaN) - (b ? (b[i] ?? NaN) : 0)) ** 2;
  return Math.sqrt(sum);
}
