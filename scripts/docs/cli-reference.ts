import type { Argument, Command, Option } from 'commander';
import { buildProgram } from '../../src/cli/program.js';
import { COMMON_OPTIONS, specOf, wrap } from '../../src/cli/program/add.js';

/** A command that does something, with its words: `connections check`. */
export interface NamedCommand {
  readonly name: string;
  readonly command: Command;
  /** The heading that it stands below in `--help`. */
  readonly group: string;
}

/** Every command that does something, in the order of `--help`. */
export function allCommands(
  parent: Command = buildProgram(() => undefined),
  words: readonly string[] = [],
  groupOfAll?: string,
): readonly NamedCommand[] {
  return parent
    .createHelp()
    .visibleCommands(parent)
    .flatMap((command) => {
      const path = [...words, command.name()];
      const group = groupOfAll ?? command.helpGroup().replace(/:$/, '');
      const own = specOf(command) ? [{ name: path.join(' '), command, group }] : [];
      return [...own, ...allCommands(command, path, group)];
    });
}

/** The sections of the commands in `docs/cli.md`. */
export function cliReference(): string {
  return allCommands()
    .map((named, at, all) => (named.group === all[at - 1]?.group ? section(named) : `### ${named.group}\n\n${section(named)}`))
    .join('\n\n');
}

function section({ name, command }: NamedCommand): string {
  const spec = specOf(command);
  const usage = ['millrace', name, ...command.registeredArguments.map(usageOf)].join(' ');
  const rows = [
    ...command.registeredArguments.map((argument) => [usageOf(argument), describe(argument)] as const),
    ...command.options.filter(isOwn).map((option) => [option.flags, describeOption(option)] as const),
  ];
  return [
    `#### \`${usage}\``,
    command.description(),
    ...(rows.length > 0 ? [table(rows)] : []),
    ...(spec?.details ?? []).map((paragraph) => wrap(paragraph, 120)),
    `\`\`\`sh\n${(spec?.examples ?? []).join('\n')}\n\`\`\``,
  ].join('\n\n');
}

function usageOf(argument: Argument): string {
  const name = `${argument.name().toUpperCase()}${argument.variadic ? '…' : ''}`;
  return argument.required ? name : `[${name}]`;
}

function isOwn(option: Option): boolean {
  return !option.hidden && !COMMON_OPTIONS.includes(option.long ?? '');
}

function describeOption(option: Option): string {
  const { defaultValue } = option;
  const also = option.mandatory ? 'required' : defaultValue === undefined ? [] : `${String(defaultValue)} by default`;
  return [describe(option), also].flat().join('; ');
}

/** What it says of itself, and which values there are, where it does not name them. */
function describe({ description, argChoices = [] }: Pick<Option, 'description' | 'argChoices'>): string {
  if (argChoices.every((choice) => description.includes(choice))) return description;
  return `${description}; one of ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const cells = rows.map(([what, meaning]) => `| \`${what}\` | ${meaning.replaceAll('|', '\\|')} |`);
  return ['| | meaning |', '| --- | --- |', ...cells].join('\n');
}
