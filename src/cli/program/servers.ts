import type { Command } from 'commander';
import type { WorkerFlags } from '../commands/worker.js';
import type { Add } from './add.js';
import { parseCount, parseGrace, parseQueues } from './arguments.js';

interface ServeFlags {
  readonly host?: string;
  readonly port?: number;
}

interface DevFlags {
  readonly once?: true;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly postgresPort?: number;
  readonly servicePort?: number;
}

/** Commands that start servers and stay up. */
export function addServers(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'dev',
      temporal: true,
      about: 'Starts Temporal, a Postgres, the worker and the client service, does the runs of the config, and stays up.',
      details: [
        'It starts a Postgres database for each of the variables in dev.postgres, and does the runs in dev.runs. Ctrl-C stops all it started: steps at work have 5 seconds to finish, and go on at the next start otherwise. A second one stops at once. It exits with 130 when it is interrupted during the runs, and with 0 afterwards. A port that is asked for and taken is an error.',
      ],
      examples: ['millrace dev', 'millrace dev --once'],
    },
    async (context, options: DevFlags) => (await import('../commands/dev.js')).dev(context, options),
  )
    .option('--once', 'exit after the runs: 0 when all of them succeeded')
    .option('--temporal-port <port>', "the port of Temporal's server (default: 7233, or a free one)", parseCount)
    .option('--ui-port <port>', "the port of Temporal's web UI (default: 8233, or a free one)", parseCount)
    .option('--postgres-port <port>', 'the port of the Postgres server (default: a free one)', parseCount)
    .option('--service-port <port>', 'the port of the client service (default: 8300, or the next free one)', parseCount);
  addWorker(program, add);
  add(
    program,
    {
      usage: 'serve',
      temporal: true,
      about: "Runs the project's client service until Ctrl-C.",
      examples: ['millrace serve', 'millrace serve --port 8080'],
    },
    async (context, options: ServeFlags) => (await import('../commands/serve.js')).serve(context, options),
  )
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <port>', 'the port to listen on (default: 8300)', parseCount);
}

function addWorker(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'worker',
      temporal: true,
      about: "Runs the project's worker until Ctrl-C.",
      details: [
        'Ctrl-C and SIGTERM make it take no new work and wait for the steps at work, for 25 seconds unless --grace or worker.grace in the config says otherwise; what is then not done is interrupted, leaves nothing half-loaded, and starts again elsewhere. A second signal stops at once. It exits with 0 when it has stopped in order, with 1 when steps did not end within 3 seconds more, and with 130 (Ctrl-C) or 143 (SIGTERM) after a second signal.',
        "A worker polls the project's own task queue, or those of --queues: runs go on where the project's own is among them, and steps whose taskQueue names another are done by the workers that poll that one. How many steps it does at once is for all of its queues together.",
        'With --deployment it is of a version (docs/deploys.md). The first version of a deployment becomes current by itself, a later one by millrace deploy. A worker without a version gets nothing while a version is current, and says so.',
        'With --json it prints an object for each of the events ready, stopping and stopped.',
      ],
      examples: [
        'millrace worker',
        'millrace worker --queues millrace,eu-west',
        'millrace worker --project ./flights --grace 2m',
        'millrace worker --deployment shop',
      ],
    },
    async (context, options: WorkerFlags) => (await import('../commands/worker.js')).worker(context, options),
  )
    .option('--queues <names>', "the task queues to poll, with commas between (default: the project's own)", parseQueues)
    .option('--grace <time>', 'how long steps at work may go on after a signal, as 25s or 2m (default: 25s)', parseGrace)
    .option('--deployment <name>', 'be a version of this worker deployment: runs stay with the version that begins them')
    .option('--build-id <id>', 'the name of the version (default: made from the code, the config and what it reaches)');
}
