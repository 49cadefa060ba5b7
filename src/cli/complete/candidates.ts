import type { Argument, Command, Option } from 'commander';

/** Something that may stand at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly about: string;
}

/** What a project's own names are asked for. */
export type NameKind = 'pipeline' | 'run' | 'connection';

/** Whose names they are, as the command line has it. */
export interface Place {
  readonly project: string;
  readonly service?: string | undefined;
}

/** What fits at the cursor: values, names of the project, or a folder, which the shell knows better. */
export type Completion =
  | { readonly kind: 'values'; readonly values: readonly Candidate[] }
  | ({ readonly kind: 'names'; readonly names: NameKind; readonly besides?: readonly Candidate[] } & Place)
  | { readonly kind: 'folders' }
  | { readonly kind: 'nothing' };

const VALUES: Readonly<Record<string, readonly string[]>> = {
  '--older-than': ['7d', '30d', '90d'],
};
const NAMES: Readonly<Record<string, NameKind>> = {
  run: 'run',
  pipeline: 'pipeline',
  connection: 'connection',
  '--pipeline': 'pipeline',
};

/**
 * What may stand at the end of a command line.
 *
 * @param words those after `millrace`; the last one, perhaps empty, is the one at the cursor
 */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const { command, position, place, awaits } = walk(program, before);
  if (awaits) return optionValue(awaits, place);
  if (current.startsWith('-')) return values(visibleOptions(command).map(optionCandidate));
  if (command.commands.length > 0 && position === 0) {
    const commands = command
      .createHelp()
      .visibleCommands(command)
      .map((each) => ({ value: each.name(), about: each.description() }));
    const [first] = command.registeredArguments;
    const own = first ? argumentValue(first, place) : undefined;
    return own?.kind === 'names' ? { ...own, besides: commands } : values(commands);
  }
  const argument = command.registeredArguments[position] ?? command.registeredArguments.findLast((each) => each.variadic);
  return argument ? argumentValue(argument, place) : { kind: 'nothing' };
}

interface Walk {
  readonly command: Command;
  /** Which of the command's arguments is next. */
  readonly position: number;
  readonly place: Place;
  /** The option whose value is next. */
  readonly awaits: Option | undefined;
}

function walk(program: Command, words: readonly string[]): Walk {
  let command = program;
  let position = 0;
  let place: Place = { project: '.' };
  let awaits: Option | undefined;
  const take = (option: Option, value: string): void => {
    if (option.long === '--project' || option.long === '--service') place = { ...place, [option.long.slice(2)]: value };
  };
  for (const word of words) {
    if (awaits) {
      take(awaits, word);
      awaits = undefined;
    } else if (word.startsWith('-')) {
      const [name = '', value] = word.split('=', 2);
      const option = command.options.find(({ long, short }) => long === name || short === name);
      if (option && value !== undefined) take(option, value);
      else if (option && (option.required || option.optional)) awaits = option;
    } else {
      const next = command.commands.find((each) => each.name() === word);
      if (next) command = next;
      else position += 1;
    }
  }
  return { command, position, place, awaits };
}

function optionValue({ long, flags, argChoices }: Option, place: Place): Completion {
  const name = long ?? '';
  if (argChoices) return values(argChoices.map((value) => ({ value, about: '' })));
  if (/<(dir|folder)>/.test(flags)) return { kind: 'folders' };
  const names = NAMES[name];
  if (names) return { kind: 'names', names, ...place };
  const known = VALUES[name];
  return known ? values(known.map((value) => ({ value, about: '' }))) : { kind: 'nothing' };
}

function argumentValue(argument: Argument, place: Place): Completion {
  if (argument.argChoices) return values(argument.argChoices.map((value) => ({ value, about: '' })));
  if (['dir', 'folder', 'directory'].includes(argument.name())) return { kind: 'folders' };
  const names = NAMES[argument.name()];
  return names ? { kind: 'names', names, ...place } : { kind: 'nothing' };
}

function visibleOptions(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

function optionCandidate({ long, flags, description }: Option): Candidate {
  return { value: long ?? flags, about: description };
}

function values(candidates: readonly Candidate[]): Completion {
  return { kind: 'values', values: candidates };
}
