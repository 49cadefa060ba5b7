import { exitCodeOf } from '../../src/cli/exit-codes.js';
import { BACKFILL_ERRORS } from '../../src/core/error-codes/backfills.js';
import { ALERT_ERRORS } from '../../src/core/error-codes/alerts.js';
import { CLIENT_ERRORS } from '../../src/core/error-codes/clients.js';
import { DATABASE_ERRORS } from '../../src/core/error-codes/databases.js';
import { QUARANTINE_ERRORS } from '../../src/core/error-codes/quarantine.js';
import { DATA_ERRORS } from '../../src/core/error-codes/data.js';
import { DEPLOYMENT_ERRORS } from '../../src/core/error-codes/deployments.js';
import { ENGINE_ERRORS } from '../../src/core/error-codes/engine.js';
import type { ErrorCodeEntry } from '../../src/core/error-codes/entry.js';
import { FILE_ERRORS } from '../../src/core/error-codes/files.js';
import { INCREMENTAL_ERRORS } from '../../src/core/error-codes/incremental.js';
import { PROJECT_ERRORS } from '../../src/core/error-codes/project.js';
import { RUN_ERRORS } from '../../src/core/error-codes/runs.js';
import { SCHEDULE_ERRORS } from '../../src/core/error-codes/schedules.js';
import { SERVICE_ERRORS } from '../../src/core/error-codes/service.js';
import { ARCHIVE_ERRORS } from '../../src/core/error-codes/archive.js';
import { APPROVAL_ERRORS } from '../../src/core/error-codes/approvals.js';
import { POOL_ERRORS } from '../../src/core/error-codes/pools.js';
import { STEERING_ERRORS } from '../../src/core/error-codes/steering.js';
import { TRIGGER_ERRORS } from '../../src/core/error-codes/triggers.js';
import { TESTING_ERRORS } from '../../src/core/error-codes/testing.js';

/** The groups of error codes, in the order of the page. Together they are the whole table; a test holds that. */
export const GROUPS: readonly (readonly [title: string, codes: Readonly<Record<string, ErrorCodeEntry>>])[] = [
  ['Starting and retrying runs', RUN_ERRORS],
  ['Steering runs', STEERING_ERRORS],
  ['Approvals', APPROVAL_ERRORS],
  ['Versions of workers', DEPLOYMENT_ERRORS],
  ['Pools', POOL_ERRORS],
  ['The project and its config', PROJECT_ERRORS],
  ['Files', FILE_ERRORS],
  ['Databases', DATABASE_ERRORS],
  ['Rows, contracts and transforms', DATA_ERRORS],
  ['Rejected rows that come back', QUARANTINE_ERRORS],
  ['Reading and loading only what is new', INCREMENTAL_ERRORS],
  ['Staging, DuckDB, the catalog and the worker', ENGINE_ERRORS],
  ['The archive and housekeeping', ARCHIVE_ERRORS],
  ['Clients, the command line and development', CLIENT_ERRORS],
  ['Schedules', SCHEDULE_ERRORS],
  ['Triggers', TRIGGER_ERRORS],
  ['Backfills', BACKFILL_ERRORS],
  ['Alerts', ALERT_ERRORS],
  ['The client service', SERVICE_ERRORS],
  ['Tests of a project', TESTING_ERRORS],
];

const INTRODUCTION = `# Errors

<!-- Made from src/core/error-codes/ by \`npm run docs\`. Change it there. -->

Every error that Millrace raises by intent has a code, which keeps its meaning from release to release. It stands at the end of the
message wherever the message goes: in Temporal's web UI, in what the \`temporal\` command prints, in the catalog and in \`millrace show\`.

\`\`\`text
Step load:warehouse.orders failed: Table "orders" does not exist in connection "warehouse". … [TABLE_MISSING]
\`\`\`

The message names what failed, where, why, and what to do about it. The tables below say what is true of a code in general.

- **terminal**: trying again can't help. The step fails at once, and the run with it, unless the pipeline catches the error.
- **transient**: the step is tried again by itself, with growing pauses, up to ten times unless the step says otherwise
  (\`retry: { attempts }\`). It fails when the last attempt has failed.

In Temporal the code is the failure's \`type\`; \`nonRetryable\` says whether it is terminal. On the command line the **exit** column
is the exit code of a \`millrace\` command that ends with the error itself. A run that failed makes \`run --wait\` and \`retry --wait\`
exit with 1, whatever its code, unless the run refused to begin.
`;

/** The page of all error codes. */
export function errorReference(): string {
  const sections = GROUPS.map(([title, codes]) => `## ${title}\n\n${table(codes)}`);
  return `${INTRODUCTION}\n${sections.join('\n\n')}\n`;
}

function table(codes: Readonly<Record<string, ErrorCodeEntry>>): string {
  const rows = Object.entries(codes).map(
    ([code, { cause, retryable, remedy }]) =>
      `| <a id="${anchor(code)}"></a>\`${code}\` | ${cell(cause)} | ${cell(remedy)} | ${retryable ? 'transient' : 'terminal'} | ${exitCodeOf(code)} |`,
  );
  return ['| code | what happened | what to do | kind | exit |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function anchor(code: string): string {
  return code.toLowerCase().replaceAll('_', '-');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
