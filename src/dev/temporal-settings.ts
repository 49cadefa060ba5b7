import { SEARCH_ATTRIBUTES } from '../core/admission.js';

/** The version of Temporal's CLI that Millrace fetches: the newest that `go install` accepts. */
export const TEMPORAL_CLI_VERSION = '1.5.1';

/**
 * What Millrace sets on a Temporal server besides its defaults. `deploy/temporal/dynamic-config.yaml` says the same for
 * Docker, and a test compares the two.
 */
export const TEMPORAL_DYNAMIC_CONFIG: Readonly<Record<string, number | boolean>> = {
  // The default of the dev server, 20 a second, makes every sequential step wait 100 ms.
  'history.transferProcessorMaxPollRPS': 2000,
  'system.enableActivityEagerExecution': true,
  'matching.useNewMatcher': true,
  'matching.enableFairness': true,
};

/** The search attributes a run sets where the server knows them; all of type Keyword. */
export const TEMPORAL_SEARCH_ATTRIBUTES: readonly string[] = Object.values(SEARCH_ATTRIBUTES);

/** For a database on disk: a third of the writes wait, and a crash of the process loses nothing. */
export const TEMPORAL_SQLITE_PRAGMAS: Readonly<Record<string, string>> = { journal_mode: 'WAL', synchronous: 'NORMAL' };
