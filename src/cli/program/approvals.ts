import { Argument, Option, type Command } from 'commander';
import type { ApprovalsOptions } from '../commands/approvals.js';
import type { Add } from './add.js';
import { parseCount, runArgument } from './arguments.js';

/** Commands for people who are asked before runs go on. */
export function addApprovals(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'approvals',
      service: true,
      about: 'Lists what runs wait to be approved, what has waited longest first.',
      examples: ['millrace approvals', 'millrace approvals --pipeline flightDelays --status all --json'],
    },
    async (context, options: ApprovalsOptions) => (await import('../commands/approvals.js')).approvals(context, options),
  )
    .option('--pipeline <name>', 'only approvals of this pipeline')
    .option('--run <run>', 'only approvals of this run')
    .addOption(
      new Option('--status <status>', 'only approvals in this state')
        .choices(['waiting', 'approved', 'rejected', 'expired', 'ended', 'all'])
        .default('waiting'),
    )
    .option('--limit <n>', 'at most so many', parseCount, 50);
  addAnswers(program, add);
}

function addAnswers(program: Command, add: Add): void {
  const common = { service: true, temporal: true } as const;
  add(
    program,
    {
      ...common,
      usage: 'approve',
      about: 'Approves what a run does next. It goes on once enough people have approved.',
      details: [
        'Who approves is kept with the run: your user name, or what the token is named. Each person counts once. Where the approval names roles, the token has to hold one; on the machine itself, --as says which.',
      ],
      examples: [
        'millrace approve flightDelays/2001-01 publish',
        'millrace approve flightDelays/2001-01 approve:publish --as finance --reason "totals agree with the ledger"',
      ],
    },
    async (context, run: string, step: string, options: { readonly reason?: string; readonly as?: string }) =>
      (await import('../commands/approvals.js')).approve(context, run, step, options),
  )
    .addArgument(runArgument())
    .addArgument(approvalArgument())
    .option('--reason <text>', 'why, kept with the run')
    .option('--as <role>', 'as which of the roles that the approval names');
  add(
    program,
    {
      ...common,
      usage: 'reject',
      about: 'Rejects what a run does next: the step that asks fails, with the reason.',
      examples: ['millrace reject flightDelays/2001-01 publish --reason "January is missing a week"'],
    },
    async (context, run: string, step: string, options: { readonly reason: string; readonly as?: string }) =>
      (await import('../commands/approvals.js')).reject(context, run, step, options),
  )
    .addArgument(runArgument())
    .addArgument(approvalArgument())
    .requiredOption('--reason <text>', 'why, kept with the run')
    .option('--as <role>', 'as which of the roles that the approval names');
}

function approvalArgument(): Argument {
  return new Argument('<step>', 'the approval: its step, approve:publish, or its name');
}
