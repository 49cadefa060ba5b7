import type { Command } from 'commander';
import type { Add } from './add.js';
import { parseCount } from './arguments.js';

interface DevFlags {
  readonly once?: true;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly postgresPort?: number;
}

/** Commands that start servers and stay up. */
export function addServers(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'dev',
      temporal: true,
      about: 'Starts Temporal, a Postgres, and the worker, does the runs of the config, and stays up.',
      details: [
        'It starts a Postgres database for each of the variables in dev.postgres, and does the runs in dev.runs. Ctrl-C stops all it started. A port that is asked for and taken is an error.',
      ],
      examples: ['millrace dev', 'millrace dev --once'],
    },
    async (context, options: DevFlags) => (await import('../commands/dev.js')).dev(context, options),
  )
    .option('--once', 'exit after the runs: 0 when all of them succeeded')
    .option('--temporal-port <port>', "the port of Temporal's server (default: 7233, or a free one)", parseCount)
    .option('--ui-port <port>', "the port of Temporal's web UI (default: 8233, or a free one)", parseCount)
    .option('--postgres-port <port>', 'the port of the Postgres server (default: a free one)', parseCount);
  add(
    program,
    {
      usage: 'worker',
      temporal: true,
      about: "Runs the project's worker until Ctrl-C.",
      examples: ['millrace worker', 'millrace worker --project ./flights'],
    },
    async (context) => (await import('../commands/worker.js')).worker(context),
  );
}
