/** A part of the code, as the rule speaks of it. */
export type Area =
  | 'core'
  | 'config'
  | 'contracts'
  | 'checks'
  | 'engine'
  | 'rows'
  | 'connector contract'
  | 'connector registry'
  | 'connector config'
  | 'connector'
  | 'catalog'
  | 'postgres'
  | 'object store'
  | 'disk'
  | 'reconciler'
  | 'recurring'
  | 'archive'
  | 'housekeeping'
  | 'schedules'
  | 'alerts'
  | 'rebuild'
  | 'temporal'
  | 'client'
  | 'api'
  | 'access'
  | 'operations'
  | 'activities'
  | 'workflows'
  | 'entry point';

/** One direction in which imports may go. */
export interface Edge {
  readonly from: Area;
  /** An area, or an npm package (`@temporalio/*` for all of a scope, `node:*` for what comes with Node). */
  readonly to: Area | `npm ${string}`;
  /** `type`: only `import type`. */
  readonly kind: 'value' | 'type';
  readonly reason: string;
}

function edge(from: Area, kind: Edge['kind'], to: Edge['to'], reason: string): Edge {
  return { from, to, kind, reason };
}

/**
 * The dependency rule: whatever is not here is forbidden. Files of one area may import each other, except those of
 * different connectors. Entry points import anything, and nobody but another entry point imports them.
 */
export const EDGES: readonly Edge[] = [
  edge('workflows', 'value', 'core', 'core is pure, so it may run in the sandbox'),
  edge('workflows', 'value', 'npm @temporalio/workflow', 'the sandbox is its'),
  edge('workflows', 'value', 'npm @temporalio/common', '@temporalio/workflow is built on it, so the bundle holds it anyway'),
  edge('workflows', 'type', 'activities', 'proxyActivities needs their signatures and nothing of their code'),
  edge('workflows', 'type', 'config', 'a workflow is checked against the project and holds none of its values'),
  edge('workflows', 'type', 'npm zod', 'rows and parameters get their types from schemas'),

  edge('activities', 'value', 'core', 'everybody speaks in references and error codes'),
  edge('activities', 'value', 'config', 'a step looks up contracts, transforms and connections by name'),
  edge('activities', 'value', 'contracts', 'validate judges rows'),
  edge('activities', 'value', 'engine', 'the data flows there'),
  edge('activities', 'value', 'rows', 'a transform may be a function'),
  edge('activities', 'value', 'catalog', 'each step records what it did, and a retry takes over what was done'),
  edge('activities', 'value', 'connector registry', 'the only way to a connector, so that one more needs no other change'),
  edge('activities', 'type', 'connector contract', 'what the registry gives has its shape'),
  edge('activities', 'value', 'temporal', 'a backfill asks how runs stand, and a scheduled start makes room for its own'),
  edge('activities', 'value', 'npm node:*', 'they run in Node'),
  edge('activities', 'value', 'npm @temporalio/activity', 'heartbeats, cancellation and attempts come from there'),
  edge('activities', 'value', 'npm zod', 'parameters and the reserved second argument are parsed with it'),

  edge('connector', 'value', 'core', 'errors, filters and manifests'),
  edge('connector', 'value', 'connector contract', 'the shape it fills in'),
  edge('connector', 'value', 'npm node:*', 'it runs in Node'),
  edge('connector', 'value', 'npm zod', 'the options of a step are checked'),
  edge('connector', 'type', 'npm pg', 'the driver of the postgres connector'),
  edge('connector', 'value', 'postgres', 'the postgres connector reads URLs and connects as the catalog does'),
  edge('connector config', 'type', 'config', 'env() values and the descriptor'),
  edge('connector contract', 'value', 'core', 'it speaks of manifests, filters and errors'),
  edge('connector contract', 'type', 'npm zod', 'options are parsed in one way'),
  edge('connector registry', 'value', 'core', 'an unknown kind is a coded error'),
  edge('connector registry', 'type', 'connector contract', 'the shape of what it opens'),
  edge('connector registry', 'value', 'connector', 'one line a connector, loaded when used'),

  edge('config', 'value', 'core', 'errors, partitions, filters'),
  edge('config', 'value', 'connector config', 'files(), postgres() … are part of what a config is written with'),
  edge('config', 'value', 'npm zod', 'contracts are zod schemas, and the config is checked with one'),
  edge('config', 'type', 'npm tsx', 'the project’s own loads its TypeScript in development'),
  edge('config', 'type', 'npm @swc/core', 'it finds the line of what is wrong in a project’s source; loaded by then'),
  edge('config', 'type', 'npm kysely', 'transforms are typed by it'),
  edge('config', 'value', 'npm node:*', 'paths of the project'),
  edge('contracts', 'value', 'core', 'errors, columns, literals'),
  edge('contracts', 'type', 'config', 'the contract as it was written'),
  edge('contracts', 'value', 'engine', 'DuckDB judges the rows, in a session that is given'),
  edge('contracts', 'type', 'connector contract', 'the session’s interface'),
  edge('contracts', 'value', 'npm zod', 'what SQL can’t judge, zod does'),
  edge('contracts', 'value', 'npm node:*', 'hashes'),
  edge('checks', 'value', 'core', 'results, names, literals'),
  edge('checks', 'type', 'config', 'a check as it was written'),
  edge('checks', 'value', 'engine', 'DuckDB judges datasets, in a session that is given'),
  edge('checks', 'type', 'connector contract', 'in an audit, a destination answers'),
  edge('activities', 'value', 'checks', 'validate, check and load judge whole datasets'),
  edge('engine', 'value', 'core', 'manifests, references, errors'),
  edge('engine', 'type', 'connector contract', 'it is the session that connectors work in'),
  edge('config', 'type', 'engine', 'a loaded project holds the limits of its sessions'),
  edge('engine', 'type', 'config', 'a transform as it was written'),
  edge('engine', 'value', 'npm kysely', 'it compiles a transform that was written with the query builder'),
  edge('engine', 'value', 'npm @duckdb/node-api', 'it is the engine'),
  edge('engine', 'value', 'npm node:*', 'files and processes'),
  edge('rows', 'value', 'core', 'errors, literals, manifests'),
  edge('rows', 'value', 'config', 'a thread loads the project that has the function'),
  edge('rows', 'value', 'contracts', 'they say which values a function sees and which it may give'),
  edge('rows', 'value', 'engine', 'the rows come from DuckDB and go there, in a session that is given'),
  edge('rows', 'value', 'npm @duckdb/node-api', 'rows are handed over chunk by chunk'),
  edge('rows', 'value', 'npm node:*', 'threads, and files with code'),
  edge('catalog', 'value', 'core', 'facts are about references and steps'),
  edge('catalog', 'value', 'npm kysely', 'its statements'),
  edge('catalog', 'value', 'npm libsql', 'its SQLite'),
  edge('catalog', 'value', 'npm node:*', 'its file'),
  edge('catalog', 'value', 'npm pg', 'its Postgres'),
  edge('catalog', 'value', 'postgres', 'a URL means the same here as in a connection'),

  edge('connector', 'value', 'object store', 'the files connector works on a bucket as on a folder'),
  edge('engine', 'value', 'object store', 'staging may be in a bucket'),
  edge('object store', 'value', 'core', 'errors and literals'),
  edge('object store', 'type', 'connector contract', 'the session that it lets read a bucket'),
  edge(
    'object store',
    'value',
    'npm @aws-sdk/client-s3',
    'requests to the store, and AWS’ chain of credentials; loaded with the first request',
  ),
  edge('object store', 'value', 'npm zod', 'the options are checked'),
  edge('object store', 'value', 'npm node:*', 'files that are sent and fetched'),

  edge('connector', 'value', 'disk', 'parts and loaded files have a hash'),
  edge('engine', 'value', 'disk', 'staged files have a hash'),
  edge('contracts', 'value', 'disk', 'parts are hashed while the next is written'),
  edge('disk', 'value', 'npm node:*', 'its files'),

  edge('postgres', 'value', 'npm pg', 'it opens connections'),
  edge('postgres', 'value', 'npm node:*', 'certificates'),

  edge('rebuild', 'value', 'core', 'errors have messages'),
  edge('rebuild', 'type', 'catalog', 'it is given the catalog that it tells'),
  edge('rebuild', 'value', 'config', 'a connection’s options are resolved'),
  edge('rebuild', 'value', 'connector registry', 'ledgers are read through connectors'),
  edge('rebuild', 'type', 'connector contract', 'a load as a ledger has it'),
  edge('rebuild', 'value', 'engine', 'manifests are in staging'),
  edge('rebuild', 'value', 'temporal', 'histories tell of runs'),
  edge('rebuild', 'value', 'reconciler', 'it closes the runs that Temporal no longer knows'),
  edge('rebuild', 'value', 'npm node:*', 'pauses between requests'),

  edge('reconciler', 'value', 'core', 'an unknown run is a coded error'),
  edge('reconciler', 'type', 'catalog', 'it is given the catalog in which it closes runs'),
  edge('reconciler', 'value', 'temporal', 'it asks Temporal how runs ended'),
  edge('reconciler', 'value', 'recurring', 'of all workers one looks at a time, again and again'),
  edge('reconciler', 'value', 'npm node:*', 'a worker’s name in the lease'),
  edge('recurring', 'value', 'core', 'errors have messages'),
  edge('recurring', 'type', 'catalog', 'leases are kept there'),
  edge('recurring', 'value', 'npm node:*', 'timers'),

  edge('archive', 'value', 'core', 'errors and alerts'),
  edge('archive', 'type', 'catalog', 'it is given the catalog that knows what is to be archived'),
  edge('archive', 'value', 'temporal', 'histories come from there'),
  edge('archive', 'value', 'object store', 'it may be in a bucket'),
  edge('archive', 'value', 'recurring', 'of all workers one archives at a time, again and again'),
  edge('archive', 'value', 'npm node:*', 'files, compression, a worker’s name in the lease'),
  edge('housekeeping', 'value', 'core', 'what is needed is decided there'),
  edge('housekeeping', 'value', 'archive', 'archived histories are swept'),
  edge('housekeeping', 'type', 'catalog', 'it is given the catalog that it sweeps'),
  edge('housekeeping', 'type', 'config', 'how long things are kept'),
  edge('housekeeping', 'type', 'engine', 'it is given the staging that it sweeps'),
  edge('housekeeping', 'value', 'temporal', 'it asks which runs go on'),
  edge('housekeeping', 'value', 'npm node:*', 'pauses between batches'),
  edge('activities', 'value', 'housekeeping', 'sweeps are steps'),
  edge('activities', 'value', 'archive', 'a sweep removes archived histories'),
  edge('rebuild', 'value', 'archive', 'histories that Temporal has forgotten tell of runs too'),
  edge('operations', 'value', 'archive', 'histories that Temporal has forgotten are read there'),

  edge('schedules', 'value', 'core', 'settings, cron expressions, times in a zone'),
  edge('schedules', 'type', 'config', 'what a config wants'),
  edge('schedules', 'type', 'catalog', 'it is given the catalog that knows what became of a time'),
  edge('schedules', 'value', 'temporal', 'what Temporal has'),
  edge('schedules', 'value', 'npm @temporalio/*', 'it starts the workflow that starts runs'),
  edge('operations', 'value', 'schedules', 'they apply, list and fill schedules'),

  edge('alerts', 'value', 'core', 'alerts, errors, times in a zone'),
  edge('alerts', 'value', 'config', 'channels get their values from the environment'),
  edge(
    'alerts',
    'value',
    'catalog',
    'it is given the catalog that keeps alerts, and knows the keys by which that finds what was told',
  ),
  edge('alerts', 'value', 'temporal', 'what runs for too long, Temporal knows'),
  edge('alerts', 'value', 'recurring', 'of all workers and services one watches at a time, again and again'),
  edge('alerts', 'value', 'schedules', 'a schedule’s times say what is to be done by when'),
  edge('alerts', 'value', 'npm nodemailer', 'mail; loaded with the first'),
  edge('alerts', 'value', 'npm node:*', 'signatures, timers, files with certificates'),
  edge('operations', 'value', 'alerts', 'they try channels, and list what pipelines promise'),

  edge('access', 'value', 'core', 'who may not is told by a coded error'),
  edge('access', 'type', 'catalog', 'it is given the catalog that keeps the tokens'),
  edge('access', 'value', 'npm jose', 'it verifies JWTs'),
  edge('access', 'value', 'npm node:*', 'chance, hashes, and the name of this machine’s user'),
  edge('api', 'value', 'core', 'operations name the codes they refuse with, and kinds that core lists'),
  edge('api', 'value', 'access', 'operations name the role that they need'),
  edge('api', 'value', 'npm zod', 'its schemas are the one source of requests, answers and types'),
  edge('client', 'type', 'api', 'it asks for the operations as they are described, and loads none of their schemas'),
  edge('client', 'type', 'config', 'names of pipelines and their parameters are the project’s'),
  edge('client', 'type', 'workflows', 'what runs return is what workflows return'),
  edge('client', 'value', 'npm node:*', 'pauses between attempts'),
  edge('client', 'value', 'core', 'it throws what the service answers, under the same codes'),
  edge('operations', 'value', 'api', 'they are what it describes'),
  edge('operations', 'value', 'access', 'they see that the caller may'),
  edge('operations', 'value', 'core', 'errors'),
  edge('operations', 'value', 'config', 'pipelines and their parameters'),
  edge('operations', 'type', 'catalog', 'they are given the catalog that they read'),
  edge('operations', 'value', 'engine', 'rejected rows are read from staging'),
  edge('operations', 'value', 'temporal', 'the truth of a run’s state, and its steering'),
  edge('operations', 'value', 'npm node:*', 'chance for ids, and timers'),
  edge('operations', 'value', 'npm zod', 'parameters as JSON Schema, and cursors'),

  edge('temporal', 'value', 'core', 'an unreachable server is a coded error'),
  edge('temporal', 'value', 'npm @temporalio/*', 'it is about Temporal'),
  edge('temporal', 'value', 'npm node:*', 'files with certificates'),
];

const FOLDERS: readonly (readonly [start: string, area: Area])[] = [
  ['src/connectors/registry.ts', 'connector registry'],
  ['src/core/', 'core'],
  ['src/config/', 'config'],
  ['src/contracts/', 'contracts'],
  ['src/checks/', 'checks'],
  ['src/engine/', 'engine'],
  ['src/rows/', 'rows'],
  ['src/catalog/', 'catalog'],
  ['src/postgres/', 'postgres'],
  ['src/object-store/', 'object store'],
  ['src/disk/', 'disk'],
  ['src/rebuild/', 'rebuild'],
  ['src/reconciler/', 'reconciler'],
  ['src/recurring/', 'recurring'],
  ['src/archive/', 'archive'],
  ['src/housekeeping/', 'housekeeping'],
  ['src/schedules/', 'schedules'],
  ['src/alerts/', 'alerts'],
  ['src/temporal/', 'temporal'],
  ['src/client/', 'client'],
  ['src/api/', 'api'],
  ['src/access/', 'access'],
  ['src/operations/', 'operations'],
  ['src/service/', 'entry point'],
  ['src/cli/', 'entry point'],
  ['src/worker/', 'entry point'],
  ['src/dev/', 'entry point'],
  ['src/build/', 'entry point'],
  ['src/init/', 'entry point'],
  ['src/plan/', 'entry point'],
  ['src/preflight/', 'entry point'],
  ['src/replay/', 'entry point'],
  ['src/testing/', 'entry point'],
  ['activities/', 'activities'],
  ['workflows/', 'workflows'],
];

/** The area of a file; `undefined` for a folder that the rule does not know yet, which the test reports. */
export function areaOf(file: string): Area | undefined {
  if (/^src\/connectors\/[^/]+\/config\.ts$/.test(file)) return 'connector config';
  if (/^src\/connectors\/[^/]+\//.test(file)) return 'connector';
  const known = FOLDERS.find(([start]) => file.startsWith(start))?.[1];
  return known ?? (file.startsWith('src/connectors/') ? 'connector contract' : undefined);
}
