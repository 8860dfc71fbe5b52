import type { InputName } from '../../domain/import/inputs';
import type { StageModelSlot } from '../../domain/train/stageModels';
import type { Dictionary } from './dictionary';

export function inputNameText(t: Dictionary, input: InputName | StageModelSlot): string {
  if (input === 'negativesModel') return t.negatives.mined.model;
  if (input === 'guideModel') return t.train.fields.guide;
  if (input === 'teacherModel') return t.train.fields.teacher;
  return input === 'model' ? t.import.model.title : t.import.slots[input].name;
}

/** Returns a list of inputs, with the names used on the import stage. */
export function inputNamesText(t: Dictionary, inputs: readonly InputName[]): string {
  return inputs.map((input) => inputNameText(t, input)).join(t.common.listComma);
}
