import { AppError, type ModelFault } from '../../src/domain/errors';
import type { Said } from '../../src/domain/errorWords';

export function modelError(
  file: string,
  fault: ModelFault,
  more: { tensor?: string; expected?: Said; found?: Said } = {},
): AppError {
  return new AppError({ kind: 'model-invalid', file, fault, ...more });
}
