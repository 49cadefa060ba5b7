import { remoteOperations } from '../../client/http.js';
import type { ServiceAddress } from '../../client/service-address.js';
import type { Candidate, NameKind } from './candidates.js';
import { latestRuns, MOST_RUNS } from './latest-runs.js';

/** Names that a client service knows. */
export async function serviceNames(kind: Exclude<NameKind, 'connection'>, service: ServiceAddress): Promise<Candidate[]> {
  const { listPipelines, listRuns } = remoteOperations(service);
  if (kind === 'run') return latestRuns((await listRuns({ limit: MOST_RUNS })).items);
  return (await listPipelines({})).items.map(({ name }) => ({ value: name, about: 'pipeline' }));
}
