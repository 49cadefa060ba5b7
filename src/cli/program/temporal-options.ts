import type { Command } from 'commander';

/** Options of every command that talks to Temporal, by their names in the `temporal` CLI; each with its variable. */
const OPTIONS = [
  { name: 'address', usage: '--address <host:port>', about: 'the Temporal server', variable: 'TEMPORAL_ADDRESS' },
  { name: 'namespace', usage: '--namespace <name>', about: 'the namespace on it', variable: 'TEMPORAL_NAMESPACE' },
  { name: 'profile', usage: '--profile <name>', about: "a profile of Temporal's config file", variable: 'TEMPORAL_PROFILE' },
] as const;

export const TEMPORAL_OPTIONS: readonly string[] = OPTIONS.map(({ name }) => `--${name}`);

/** Lets a command be told where Temporal is. */
export function addTemporalOptions(command: Command): Command {
  for (const { usage, about, variable } of OPTIONS) command.option(usage, `${about} (default: ${variable})`);
  return command;
}

/**
 * Takes an option for the variable of its name, for as long as this process lives: so what a command starts goes to the
 * same server.
 */
export function applyTemporalOptions(options: Readonly<Record<string, unknown>>): void {
  for (const { name, variable } of OPTIONS) {
    const value = options[name];
    if (typeof value === 'string') process.env[variable] = value;
  }
}
