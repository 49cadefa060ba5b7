import type { RunKey } from './facts.js';
import type { ContractUses, ContractVersionRow } from './use-facts.js';
import type { CatalogSession } from './tables.js';

/** Every version of every contract that was recorded, with the last run that used it; the one used last comes first. */
export async function listContractVersions(db: CatalogSession): Promise<ContractVersionRow[]> {
  const versions = await db.selectFrom('contract_versions').selectAll().execute();
  const uses = await db
    .selectFrom('datasets')
    .innerJoin('step_runs', 'step_runs.dataset_uri', 'datasets.uri')
    .where('datasets.contract_hash', 'is not', null)
    .groupBy(['datasets.contract', 'datasets.contract_hash'])
    .select(['datasets.contract', 'datasets.contract_hash'])
    .select((row) => row.fn.max('step_runs.finished_at').as('at'))
    .execute();
  const lastUse = new Map(uses.map(({ contract, contract_hash, at }) => [`${contract} ${contract_hash}`, at]));
  return versions
    .map(({ name, hash, definition, first_seen_at }) => ({
      name,
      hash,
      definition,
      firstSeenAt: first_seen_at,
      lastUsedAt: lastUse.get(`${name} ${hash}`) ?? null,
    }))
    .toSorted(
      (a, b) => (b.lastUsedAt ?? b.firstSeenAt).localeCompare(a.lastUsedAt ?? a.firstSeenAt) || a.name.localeCompare(b.name),
    );
}

/** The contracts that a run's steps used: hashes by name. A run that a retry took steps over from is another one. */
export async function contractsOfRun(db: CatalogSession, { workflowId, runId }: RunKey): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('step_runs')
    .innerJoin('datasets', 'datasets.uri', 'step_runs.dataset_uri')
    .where('step_runs.workflow_id', '=', workflowId)
    .where('step_runs.run_id', '=', runId)
    .where('datasets.contract_hash', 'is not', null)
    .select(['datasets.contract', 'datasets.contract_hash'])
    .execute();
  return new Map(rows.map(({ contract, contract_hash }) => [contract ?? '', contract_hash ?? '']));
}

/** Which pipelines and targets had rows of a contract. */
export async function contractUses(db: CatalogSession, name: string): Promise<ContractUses> {
  const pipelines = await db
    .selectFrom('datasets')
    .innerJoin('step_runs', 'step_runs.dataset_uri', 'datasets.uri')
    .innerJoin('runs', (join) =>
      join.onRef('runs.workflow_id', '=', 'step_runs.workflow_id').onRef('runs.run_id', '=', 'step_runs.run_id'),
    )
    .where('datasets.contract', '=', name)
    .select('runs.pipeline')
    .distinct()
    .execute();
  const targets = await db
    .selectFrom('datasets')
    .innerJoin('loads', 'loads.content', 'datasets.content')
    .where('datasets.contract', '=', name)
    .select('loads.target')
    .distinct()
    .execute();
  return {
    pipelines: pipelines.flatMap(({ pipeline }) => pipeline ?? []).toSorted(),
    targets: targets.map(({ target }) => target).toSorted(),
  };
}
