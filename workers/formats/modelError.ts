import { AppError, type ModelFault } from '../../src/domain/errors';

export function modelError(
  file: string,
  fault: ModelFault,
  more: { tensor?: string; expected?: string; found?: string } = {},
): AppError {
  return new AppError({ kind: 'model-invalid', file, fault, ...more });
}
