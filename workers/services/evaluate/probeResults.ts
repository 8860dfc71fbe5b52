import { candidateId } from '../../../src/domain/evaluate/candidate';
import { comparedProbe } from '../../../src/domain/evaluate/comparedProbe';
import type { ComparedProbe, ComparedProbeRequest } from '../../../src/protocol/compareApi';
import { listComparisons } from '../../../src/storage/comparisons';
import type { Database } from '../../../src/storage/database';
import { isGone } from './candidates';
import { comparisonKey } from './compareModels';
import { probeDataSha256 } from './probeData';
import { describeProbe } from './readProbe';

/**
 * Returns how the asked candidates of an experiment answer a probe set at a cut-off, from stored results on the set as
 * it is now with the current weights. Results on a set that has changed since are left out. Throws as `describeProbe`
 * does.
 */
export async function probeResults(
  db: Database,
  { experimentId, probe, ids, k, baselineId }: ComparedProbeRequest,
): Promise<ComparedProbe> {
  const facts = await describeProbe(db, probe);
  const sha256 = await probeDataSha256(facts.sha256);
  const found = [];
  for (const { part, candidate, key, results } of await listComparisons(db, experimentId)) {
    const id = candidateId(candidate);
    if (part !== 'probe' || !ids.includes(id)) continue;
    const now = await comparisonKey(db, candidate, { sha256 }).catch((thrown: unknown) => {
      if (isGone(thrown)) return null;
      throw thrown;
    });
    if (now === key) found.push({ id, results });
  }
  return { facts, models: comparedProbe(found, baselineId, k) };
}
