import type { Command } from 'commander';
import type { ImportOptions } from '../commands/contracts-import.js';
import type { DiffOptions } from '../commands/contracts-diff.js';
import type { Add } from './add.js';
import { parseCount } from './arguments.js';

/** Commands about contracts. */
export function addContracts(program: Command, add: Add): void {
  const contracts = add(
    program,
    {
      usage: 'contracts',
      about: "Lists the project's contracts: their versions, their columns, and who uses them.",
      details: [
        'The state says how the contract stands to the version that a run used last: new, as recorded, or changed. Pipelines and targets are those of recorded runs.',
      ],
      examples: ['millrace contracts', 'millrace contracts --json'],
    },
    async (context) => (await import('../commands/contracts.js')).contracts(context),
  )
    .enablePositionalOptions()
    .helpCommand(false);
  addDiff(contracts, add);
  addImport(contracts, add);
}

function addImport(contracts: Command, add: Add): void {
  add(
    contracts,
    {
      usage: 'import',
      about: 'Writes a first contract, as code, for a table or for files.',
      details: [
        'Of a table it takes what is declared: nullability, the primary key, lengths, enum types, checks of the form column IN (…). The rest comes from the values: types of text, formats (uuid, email, dates), bounds, and enums where few values come again and again. The contract accepts every row that was looked at; what is only chance should be loosened.',
      ],
      examples: [
        'millrace contracts import warehouse public.orders',
        'millrace contracts import lake orders.csv --name Order --to contracts/order.ts',
      ],
    },
    async (context, connection: string, what: string, options: ImportOptions) =>
      (await import('../commands/contracts-import.js')).importContract(context, connection, what, options),
  )
    .argument('<connection>', 'a connection of the config')
    .argument('<table-or-file>', 'a table of a database; a path or glob below the root of files')
    .option('--name <name>', "the contract's name (default: made from the table's or the file's)")
    .option('--sample <rows>', 'look at so many rows at most', parseCount, 100_000)
    .option('--to <file>', 'write into this file, which must not be there (default: to stdout)');
}

function addDiff(contracts: Command, add: Add): void {
  add(
    contracts,
    {
      usage: 'diff',
      about: 'Tells what changed in a contract since a run used it, and whether that breaks pipelines and targets.',
      details: [
        'Breaking is what may reject rows that passed before, or what takes a column from those who read it: narrower, changed, removed, renamed, another key, a new column that every source has to have. Wider is not.',
        'With --json there is an object for each contract: name, from, to, breaking, changes, pipelines, transforms, targets.',
      ],
      examples: [
        'millrace contracts diff',
        'millrace contracts diff Order --against sell-0mf2k1x9c07a1',
        'millrace contracts diff --fail-on-breaking --json',
      ],
    },
    async (context, name: string | undefined, options: DiffOptions) =>
      (await import('../commands/contracts-diff.js')).diff(context, name, options),
  )
    .argument('[contract]', 'a contract of the config (default: all that a run has used)')
    .option(
      '--against <version>',
      "the beginning of a recorded version's hash, or a run (default: the version that a run used last)",
    )
    .option('--fail-on-breaking', 'exit with 1 when a change is breaking');
}
