#!/usr/bin/env node
import { CommanderError } from 'commander';
import { TerminalError } from '../core/errors.js';
import { EXIT } from './exit-codes.js';
import { reportError } from './output.js';
import { buildProgram } from './program.js';

async function main(argv: readonly string[]): Promise<number> {
  if (argv[2] === '__complete') return answerShell(argv.slice(3));
  const json = argv.includes('--json');
  let code: number = EXIT.ok;
  try {
    await buildProgram((exitCode) => (code = exitCode)).parseAsync(argv);
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, json);
    if (error.exitCode === 0) return EXIT.ok;
    // Called without a command, commander has already printed the help.
    if (error.code === 'commander.help') return EXIT.usage;
    return reportError(new TerminalError('COMMAND_INVALID', error.message.replace(/^error: /, '')), json);
  }
}

async function answerShell(words: readonly string[]): Promise<number> {
  const { complete } = await import('./complete/complete.js');
  await complete(words);
  return EXIT.ok;
}

// A reader that has seen enough, as `millrace runs | head -1`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

const exitCode = await main(process.argv);
process.exitCode = exitCode;
// Whatever a command left open (a step that does not end, a connection that closes slowly) does not hold up its end.
setTimeout(() => process.exit(exitCode), 200).unref();
