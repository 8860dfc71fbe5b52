import type { Language } from '../../domain/language';
import type { StoredItem } from '../../domain/storage/storedItem';
import type { Dictionary } from '../i18n/dictionary';
import { formatDate } from '../i18n/format';

/** Says which experiments use an item, or were compared with it, or that none does, or when it was deleted. */
export function useText(
  t: Dictionary['storage'],
  { listComma, inARow }: Pick<Dictionary['common'], 'listComma' | 'inARow'>,
  { kind, deletedAt, usedBy, usedByDeleted, comparedIn }: StoredItem,
  language: Language,
): string {
  const users = [...usedBy, ...usedByDeleted.map(t.deletedUser)];
  const compared = comparedIn ? t.comparedIn(comparedIn.join(listComma)) : '';
  if (deletedAt !== undefined) return inARow(t.deletedAt(formatDate(deletedAt, language)), compared);
  if (users.length > 0) return inARow(t.usedBy(users.join(listComma), compared !== ''), compared);
  if (compared !== '') return compared;
  return kind === 'experiment' || kind === 'download' ? '' : t.unused;
}
