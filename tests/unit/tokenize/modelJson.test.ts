import { expect, it } from 'vitest';
import { modelJson } from '../../../workers/services/tokenize/modelJson';

it.each(['[]', '"text"', 'null'])(
  'a file of a model folder that has to hold an object is refused if it is %s',
  (text) => {
    expect(() => modelJson({ 'tokenizer.json': text }, 'tokenizer.json')).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ kind: 'model-invalid', fault: 'json-shape' }) }),
    );
  },
);

it('a file of a model folder is read as an object', () => {
  expect(modelJson({ 'tokenizer.json': '{"a": 1}' }, 'tokenizer.json')).toEqual({ a: 1 });
});

it('a missing file of a model folder is named', () => {
  expect(() => modelJson({}, 'tokenizer.json')).toThrow(
    expect.objectContaining({ details: { kind: 'model-invalid', file: 'tokenizer.json', fault: 'missing-file' } }),
  );
});
