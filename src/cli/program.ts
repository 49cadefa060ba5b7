import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Command, Help, type Option } from 'commander';
import { openOutput } from './output.js';
import { helpAfter, keepSpec, type Add } from './program/add.js';
import { addAccess } from './program/access.js';
import { addApprovals } from './program/approvals.js';
import { addAlerts } from './program/alerts.js';
import { addBackfills } from './program/backfills.js';
import { addCatalog } from './program/catalog.js';
import { addCatalogLooks } from './program/catalog-looks.js';
import { addConnections } from './program/connections.js';
import { addContracts } from './program/contracts.js';
import { addDeploys } from './program/deploys.js';
import { addHealth } from './program/health.js';
import { addLooks } from './program/looks.js';
import { addMachine } from './program/machine.js';
import { addPools } from './program/pools.js';
import { addProject } from './program/project.js';
import { addQuarantine } from './program/quarantine.js';
import { addRunActions } from './program/run-actions.js';
import { addRuns } from './program/runs.js';
import { addServiceOption, chosenService } from './program/service-option.js';
import { addSchedules } from './program/schedules.js';
import { addTriggers } from './program/triggers.js';
import { addServers } from './program/servers.js';
import { addStaging } from './program/staging.js';
import { addTemporalOptions, applyTemporalOptions } from './program/temporal-options.js';

interface CommonOptions {
  readonly json?: true;
  readonly project: string;
}

const EXIT_CODES = `
Exit codes: 0 done; 1 the run failed, or data was refused; 2 wrong usage or configuration; 3 not found;
4 a service can't be reached; 130 interrupted.`;

type AddGroup = (program: Command, add: Add) => void;

/** What `--help` and the reference list, in their order: what a newcomer needs first comes first. */
const GROUPS: readonly (readonly [heading: string, ...AddGroup[]])[] = [
  ['Project', addProject, addContracts, addConnections],
  ['Servers', addServers],
  ['Runs', addRuns, addLooks, addRunActions, addApprovals],
  ['Starting by itself', addSchedules, addTriggers, addBackfills, addPools],
  ['Data', addCatalogLooks, addQuarantine],
  ['Versions', addDeploys],
  ['Watching', addHealth, addAlerts],
  ['Upkeep', addStaging, addCatalog, addAccess, addMachine],
];

/** Says of an option that it must be given, which the usage line (`[options]`) does not. */
function optionDescription(option: Option): string {
  const told = new Help().optionDescription(option);
  return option.mandatory ? `${told} (required)` : told;
}

/**
 * The command line of `millrace`. A command's code is loaded when it is used, so that help is there at once.
 *
 * @param finish takes the exit code of the command that ran
 */
export function buildProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('millrace')
    .description('Runs data pipelines on Temporal and DuckDB.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    // Options behind the name of a command are that command's, also where the command has commands of its own.
    .enablePositionalOptions()
    .configureHelp({ optionDescription })
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', EXIT_CODES);

  const add: Add = (parent, spec, execute) => {
    const made = keepSpec(parent.command(spec.usage), spec)
      .description(spec.about)
      .option('--json', 'print JSON for scripts')
      .option('--project <dir>', "the project's folder", '.')
      .addHelpText('after', helpAfter(spec))
      .action(async (...received: unknown[]) => {
        const command = received.pop() as Command;
        const options = command.opts<CommonOptions>();
        if (spec.temporal) applyTemporalOptions({ ...options });
        const service = spec.service && chosenService({ ...options });
        const context = { output: openOutput(options.json === true), directory: resolve(options.project), service };
        finish(await execute(context, ...(received as never[])));
      });
    if (spec.service) addServiceOption(made);
    return spec.temporal ? addTemporalOptions(made) : made;
  };

  for (const [heading, ...groups] of GROUPS) {
    program.commandsGroup(`${heading}:`);
    for (const addGroup of groups) addGroup(program, add);
  }
  return program;
}

function version(): string {
  return (createRequire(import.meta.url)('millrace/package.json') as { readonly version: string }).version;
}
