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
  /** The keys that lead to the value. `too-deep` if there are too many, null if they are not all texts. */
  path: readonly string[] | 'too-deep' | null;
}

function pathOf(path: Place['path'], key: unknown): Place['path'] {
  if (typeof key !== 'string' || path === null) return null;
  return path === 'too-deep' || path.length > maxWrappers ? 'too-deep' : [...path, key];
}

/** Lists the entries of a container. */
function contentsOf({ value, path }: Place): Place[] {
  if (isPickledKind(value, 'dict'))
    return [...value.entries].map(([key, inner]) => ({ value: inner, path: pathOf(path, key) }));
  if (!isPickledKind(value, 'list') && !isPickledKind(value, 'tuple')) return [];
  return value.items.map((inner) => ({ value: inner, path: null }));
}

interface FoundTensor {
  name: string | null;
  tensor: PickledTensor;
  /** Number of dicts around the one that holds the tensor. */
  wrappers: number;
}

/**
 * Yields every tensor of a pickle, including those in nested dicts, with its keys joined by dots. The name is null if a
 * tensor is part of a list or has a key that is not a text, as in the state of an optimizer. Tensors with names come
 * first, those in the fewest dicts before others. A container that occurs twice is searched once, where its tensors
 * have names. Throws `pickle-unsupported` if a tensor is in more dicts than `maxWrappers`.
 */
export function* pickledTensors(file: string, state: PickledValue): Generator<FoundTensor> {
  const seen = new Set<PickledValue>();
  const named: Place[] = [{ value: state, path: [] }];
  const [deep, unnamed]: [Place[], Place[]] = [[], []];
  // The lists grow while they are read.
  for (const places of [named, deep, unnamed])
    for (const place of places) {
      const { value, path } = place;
      if (isPickledKind(value, 'tensor')) {
        if (path === 'too-deep')
          throw modelError(file, 'pickle-unsupported', { found: own('nested-containers', maxWrappers) });
        const isNamed = path !== null && path.length > 0;
        yield { name: isNamed ? path.join('.') : null, tensor: value, wrappers: isNamed ? path.length - 1 : 0 };
      } else if (typeof value === 'object' && value !== null && !seen.has(value)) {
        seen.add(value);
        for (const inner of contentsOf(place))
          (inner.path === null ? unnamed : inner.path === 'too-deep' ? deep : named).push(inner);
      }
    }
}

/**
 * Returns the tensors of a state dict by name. Those of a state dict in other dicts have the keys of these dicts before
 * their names, like `state_dict.bert.pooler.dense.bias`. Throws `pickle-invalid` if no tensor has a name, or two have
 * the same.
 */
export function namedTensors(file: string, state: PickledValue): Map<string, FoundTensor> {
  const named = new Map<string, FoundTensor>();
  let unnamed = 0;
  for (const found of pickledTensors(file, state)) {
    const { name } = found;
    if (name === null) unnamed += 1;
    else if (named.has(name)) throw modelError(file, 'pickle-invalid', { found: own('tensor-twice', name) });
    else named.set(name, found);
  }
  if (named.size > 0) return named;
  throw modelError(file, 'pickle-invalid', {
    found: unnamed > 0 ? own('tensors-unnamed', unnamed) : own('no-tensors'),
  });
}
