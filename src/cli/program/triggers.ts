import { Argument, Option, type Command } from 'commander';
import { TRIGGER_OUTCOMES } from '../../core/trigger.js';
import type { EvaluationOptions } from '../commands/triggers.js';
import type { Add } from './add.js';

/** Commands about what starts pipelines by itself besides schedules. */
export function addTriggers(program: Command, add: Add): void {
  const triggers = program
    .command('triggers')
    .helpCommand(false)
    .description('Looks at triggers and at what they decided, pauses them, and has them look now.');
  addLooks(triggers, add);
  addWhy(triggers, add);
  addActions(triggers, add);
}

const pipeline = (): Argument => new Argument('<pipeline>', 'a pipeline of the config');

function addLooks(triggers: Command, add: Add): void {
  add(
    triggers,
    {
      usage: 'list',
      service: true,
      temporal: true,
      about: 'Lists the triggers, each with what it decided last.',
      examples: ['millrace triggers list', 'millrace triggers list --json'],
    },
    async (context) => (await import('../commands/triggers.js')).list(context),
  );
  add(
    triggers,
    {
      usage: 'show',
      service: true,
      temporal: true,
      about: 'Shows the triggers of a pipeline: what waits, and for what, and what they decided last.',
      examples: ['millrace triggers show customerReport'],
    },
    async (context, name: string) => (await import('../commands/triggers.js')).show(context, name),
  ).addArgument(pipeline());
}

function addWhy(triggers: Command, add: Add): void {
  add(
    triggers,
    {
      usage: 'why',
      service: true,
      temporal: true,
      about: 'Tells why triggers did, or did not, start a pipeline: each evaluation, the latest first.',
      details: ['Evaluations that came to the same one after the other are one line, with how many they were.'],
      examples: [
        'millrace triggers why customerReport --partition 2001-01',
        'millrace triggers why customerReport --outcome refused --limit 5',
      ],
    },
    async (context, name: string, options: EvaluationOptions) =>
      (await import('../commands/triggers.js')).why(context, name, options),
  )
    .addArgument(pipeline())
    .option('--partition <name>', 'of this partition only')
    .addOption(new Option('--outcome <outcome>', 'only those that came to this').choices(TRIGGER_OUTCOMES))
    .option('--limit <n>', 'at most so many', (text) => Math.max(1, Number.parseInt(text, 10) || 20), 20);
}

function addActions(triggers: Command, add: Add): void {
  add(
    triggers,
    {
      usage: 'pause',
      service: true,
      temporal: true,
      about: 'Lets the triggers of a pipeline start nothing. What happens meanwhile is kept.',
      examples: ['millrace triggers pause customerReport --reason "the warehouse is being moved"'],
    },
    async (context, name: string, options: { readonly reason?: string }) =>
      (await import('../commands/triggers.js')).pause(context, name, options),
  )
    .addArgument(pipeline())
    .option('--reason <text>', 'why, for whoever asks later');
  add(
    triggers,
    {
      usage: 'resume',
      service: true,
      temporal: true,
      about: 'Lets paused triggers go on, with what has happened meanwhile.',
      examples: ['millrace triggers resume customerReport'],
    },
    async (context, name: string) => (await import('../commands/triggers.js')).resume(context, name),
  ).addArgument(pipeline());
  add(
    triggers,
    {
      usage: 'evaluate',
      service: true,
      temporal: true,
      about: 'Has the triggers of a pipeline look now: for loads nobody told of, for files, and at the condition.',
      examples: ['millrace triggers evaluate customerReport'],
    },
    async (context, name: string) => (await import('../commands/triggers.js')).evaluate(context, name),
  ).addArgument(pipeline());
}
