import { Option, type Command } from 'commander';
import { ALERT_KINDS } from '../../core/alerts.js';
import type { AlertsOptions } from '../commands/alerts.js';
import type { Add } from './add.js';
import { parseCount } from './arguments.js';

/** Commands about what people are told, and what pipelines promise. */
export function addAlerts(program: Command, add: Add): void {
  const alerts = program.command('alerts').helpCommand(false).description('Lists alerts, and sees to it that they arrive.');
  addLists(alerts, add);
  addChanges(alerts, add);
  add(
    program,
    {
      usage: 'slo',
      service: true,
      about: 'Lists what pipelines promise (`slo` in the config), and how that stands. Exit code 1 when a promise is broken.',
      details: ['It shows what a worker or the client service saw when it last looked, some seconds ago.'],
      examples: ['millrace slo', 'millrace slo --json'],
    },
    async (context) => (await import('../commands/alerts.js')).slos(context),
  );
}

function addLists(alerts: Command, add: Add): void {
  add(
    alerts,
    {
      usage: 'list',
      service: true,
      about: 'Lists alerts, the latest first, with how their deliveries stand.',
      examples: [
        'millrace alerts list',
        'millrace alerts list --state dead',
        'millrace alerts list --kind slo --pipeline orders --json',
      ],
    },
    async (context, options: AlertsOptions) => (await import('../commands/alerts.js')).list(context, options),
  )
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(ALERT_KINDS))
    .option('--pipeline <name>', 'only about this pipeline')
    .addOption(
      new Option(
        '--state <state>',
        'open: not acknowledged; dead: a delivery was given up; pending: one is still to be made',
      ).choices(['open', 'acknowledged', 'dead', 'pending']),
    )
    .option('--limit <n>', 'at most so many', parseCount, 50);
  add(
    alerts,
    {
      usage: 'show',
      service: true,
      about: 'Shows an alert: its text, who has acknowledged it, and its deliveries.',
      examples: ['millrace alerts show slo/finishBy/orders/2026-01-05/2026-01-06T06:00:00.000Z'],
    },
    async (context, key: string) => (await import('../commands/alerts.js')).show(context, key),
  ).argument('<alert>', 'its key, as the list has it; in quotes where it has spaces');
}

function addChanges(alerts: Command, add: Add): void {
  add(
    alerts,
    {
      usage: 'retry',
      service: true,
      about: 'Has the deliveries of an alert tried again that were given up.',
      examples: ['millrace alerts retry run-failed/0199e6a2-6c1c-7d6e-b7f3-0a1c5f2d9e11'],
    },
    async (context, key: string) => (await import('../commands/alerts.js')).retry(context, key),
  ).argument('<alert>', 'its key, as the list has it; in quotes where it has spaces');
  add(
    alerts,
    {
      usage: 'ack',
      service: true,
      about: 'Tells others that you see to an alert.',
      examples: ['millrace alerts ack run-failed/0199e6a2-6c1c-7d6e-b7f3-0a1c5f2d9e11 --reason "the source is down"'],
    },
    async (context, key: string, options: { reason?: string }) =>
      (await import('../commands/alerts.js')).acknowledge(context, key, options),
  )
    .argument('<alert>', 'its key, as the list has it; in quotes where it has spaces')
    .option('--reason <text>', 'why, for whoever asks later');
  add(
    alerts,
    {
      usage: 'test',
      service: true,
      about: 'Sends a test to a channel of the config, once and at once.',
      examples: ['millrace alerts test ops'],
    },
    async (context, channel: string) => (await import('../commands/alerts.js')).tryChannel(context, channel),
  ).argument('<channel>', 'its name in the config');
}
