import { own } from '../../src/domain/errorWords';
import { modelError } from './modelError';
import { isPickledKind, type PickledTensor, type PickledValue } from './pickledValues';

/**
 * Maximum number of dicts around the name of a tensor. Training programs put the state dict into one or two others,
 * such as `state_dict`, `model` or `module`.
 */
const maxWrappers = 8;

interface Place {
  value: PickledValue;
  /** The keys that lead to the value, or null if they are not all texts. */
  path: readonly string[] | null;
}

/** Lists the entries of a container. */
function contentsOf({ value, path }: Place): Place[] {
  if (isPickledKind(value, 'dict'))
    return [...value.entries].map(([key, inner]) => ({
      value: inner,
      path: typeof key === 'string' && path ? [...path, key] : null,
    }));
  if (!isPickledKind(value, 'list') && !isPickledKind(value, 'tuple')) return [];
  return value.items.map((inner) => ({ value: inner, path: null }));
}

/**
 * Yields every tensor of a pickle, including those in nested dicts, with its keys joined by dots. The name is null if a
 * tensor is part of a list or has a key that is not a text, as in the state of an optimizer. A container that occurs
 * twice is searched once. Throws `pickle-unsupported` above `maxWrappers`.
 */
export function* pickledTensors(
  file: string,
  state: PickledValue,
): Generator<{ name: string | null; tensor: PickledTensor }> {
  const seen = new Set<PickledValue>();
  let level: Place[] = [{ value: state, path: [] }];
  while (level.length > 0) {
    const next: Place[] = [];
    for (const place of level) {
      const { value, path } = place;
      if (isPickledKind(value, 'tensor'))
        yield { name: path && path.length > 0 ? path.join('.') : null, tensor: value };
      else if (typeof value === 'object' && value !== null && !seen.has(value)) {
        seen.add(value);
        if (isPickledKind(value, 'dict') && path && path.length > maxWrappers)
          throw modelError(file, 'pickle-unsupported', { found: own('nested-containers', maxWrappers) });
        for (const inner of contentsOf(place)) next.push(inner);
      }
    }
    level = next;
  }
}

/**
 * Returns the tensors of a state dict by name. Those of a state dict in other dicts have the keys of these dicts before
 * their names, like `state_dict.bert.pooler.dense.bias`. Throws `pickle-invalid` if no tensor has a name, or two have
 * the same.
 */
export function namedTensors(file: string, state: PickledValue): Map<string, PickledTensor> {
  const named = new Map<string, PickledTensor>();
  let unnamed = 0;
  for (const { name, tensor } of pickledTensors(file, state)) {
    if (name === null) unnamed += 1;
    else if (named.has(name)) throw modelError(file, 'pickle-invalid', { found: own('tensor-twice', name) });
    else named.set(name, tensor);
  }
  if (named.size > 0) return named;
  throw modelError(file, 'pickle-invalid', {
    found: unnamed > 0 ? own('tensors-unnamed', unnamed) : own('no-tensors'),
  });
}
