import { Option, type Command } from 'commander';
import type { AuditOptions } from '../commands/audit.js';
import type { NewTokenOptions } from '../commands/tokens.js';
import type { Add } from './add.js';
import { parseAge, parseCount } from './arguments.js';

/** Commands about who may call the service, and what they changed. */
export function addAccess(program: Command, add: Add): void {
  const tokens = program.command('tokens').helpCommand(false).description('Makes and revokes tokens for the client service.');
  addCreate(tokens, add);
  addListAndRevoke(tokens, add);
  addAudit(program, add);
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function addCreate(tokens: Command, add: Add): void {
  add(
    tokens,
    {
      usage: 'create',
      service: true,
      about: 'Makes a token, and prints it this once.',
      details: [
        'A viewer may look; an operator may start and steer runs too; an admin may do everything, tokens and the audit included. With --owner, --tag or --pipeline, the token is for the pipelines of any of these only.',
        'Only a hash of it is kept in the catalog. From the first token on, every call to the service needs one.',
      ],
      examples: [
        'millrace tokens create ops --role admin',
        'millrace tokens create nightly --role operator --owner data@example.com --expires 90d',
        'millrace tokens create anna --role viewer --group finance',
        'millrace tokens create board --role viewer --tag finance --tag sales --json',
      ],
    },
    async (context, name: string, options: NewTokenOptions) =>
      (await import('../commands/tokens.js')).create(context, name, options),
  )
    .argument('<name>', 'as the audit names its holder')
    .addOption(new Option('--role <role>', 'what it may do').choices(['viewer', 'operator', 'admin']).makeOptionMandatory())
    .option('--owner <owner>', 'only pipelines of this owner; may be given again', collect)
    .option('--tag <tag>', 'only pipelines with this tag; may be given again', collect)
    .option('--pipeline <name>', 'only this pipeline; may be given again', collect)
    .option('--group <name>', 'a group whose approvals it may give; may be given again', collect)
    .option('--expires <age>', 'for how long it counts: 90d, 12h, 2w (default: until it is revoked)', parseAge);
}

function addListAndRevoke(tokens: Command, add: Add): void {
  add(
    tokens,
    {
      usage: 'list',
      service: true,
      about: 'Lists the tokens, expired and revoked ones too. The tokens themselves are kept nowhere.',
      examples: ['millrace tokens list', 'millrace tokens list --json'],
    },
    async (context) => (await import('../commands/tokens.js')).list(context),
  );
  add(
    tokens,
    {
      usage: 'revoke',
      service: true,
      about: 'Revokes a token, at once and for good.',
      examples: ['millrace tokens revoke 3f9c1a7be2d04c55'],
    },
    async (context, id: string) => (await import('../commands/tokens.js')).revoke(context, id),
  ).argument('<id>', "the token's id: the part between mr_ and the secret");
}

function addAudit(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'audit',
      service: true,
      about: 'Lists what was changed, by whom, and what was refused; the latest first.',
      details: [
        'Every change that somebody asked the service or this program for is there: who, from where, when, what, and how it ended. An outcome "unknown" began, and nobody has told how it ended: look at its target.',
      ],
      examples: [
        'millrace audit',
        'millrace audit --outcome refused --limit 100',
        'millrace audit --target flightDelays/2001-01 --json',
      ],
    },
    async (context, options: AuditOptions) => (await import('../commands/audit.js')).audit(context, options),
  )
    .option('--actor <name>', 'only what this token, user or subject asked for')
    .option('--operation <name>', 'only this operation, as startRun')
    .option('--target <target>', 'only what was to change this run, pipeline or token')
    .addOption(new Option('--outcome <outcome>', 'only these').choices(['done', 'refused', 'failed', 'unknown']))
    .option('--limit <n>', 'at most so many, 200 at most', parseCount, 50);
}
