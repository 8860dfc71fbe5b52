import { entryOf, slotNames } from '../domain/import/slots';
import { en } from '../ui/i18n/en';
import { errorSentence } from '../ui/i18n/errors';
import type { ImportedInputs } from './importInputs';
import { stageNotes } from './stageNotes';

/** The parts of the inputs that the notes are about. */
type NotedInputs = Pick<ImportedInputs, 'titles' | 'experiment' | 'recognised' | 'leftOut'>;

/** Returns a note on whether titles are encoded, because the user cannot see that anywhere else. */
function titleNotes({ titles, experiment }: NotedInputs): string[] {
  if (titles === 0) return [];
  const joined = entryOf(experiment, 'knowledgeBase')?.joinTitles === true;
  return [`knowledgeBase: passages with a title: ${titles}; joinTitles: ${joined}`];
}

/** Returns notes on the sheets that were read and on the rows that were left out. */
export function dataNotes(inputs: NotedInputs): string[] {
  const ofSlots = slotNames.flatMap((slot) => {
    const sheets = (inputs.recognised[slot] ?? []).flatMap(({ file, sheet, sheets: all }) =>
      sheet === null ? [] : [`${slot}: ${file}, ${en.import.columns.sheetOf(sheet, all.length)}`],
    );
    const left = inputs.leftOut[slot];
    const first = left?.first[0];
    if (!left || !first) return sheets;
    return [
      ...sheets,
      `${slot}: ${en.import.leftOut(left.rows, left.references, left.notes)}; first reason: ${errorSentence({ kind: 'import-failed', ...first }, 'en')}`,
    ];
  });
  return [...titleNotes(inputs), ...ofSlots];
}

/** Returns the notes that the terminal shows once all files are read. */
export function inputNotes(inputs: NotedInputs): string[] {
  return [...dataNotes(inputs), ...stageNotes(inputs.experiment)];
}
