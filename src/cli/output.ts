import { ProblemsError } from '../core/problems.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { describeError, type ErrorReport } from '../operations/error-report.js';

/** Where a command writes: one or the other form, never both. */
export interface Output {
  readonly json: boolean;
  /** Text for people; nothing with `--json`. */
  readonly text: (text: string) => void;
  /** One JSON document on one line; nothing without `--json`. */
  readonly data: (value: unknown) => void;
  /** What a person should know beside the result; on stderr, so that it never mixes with data. */
  readonly warn: (text: string) => void;
}

/** Makes the output of one command. */
export function openOutput(json: boolean): Output {
  return {
    json,
    text: (text) => void (json || process.stdout.write(`${text}\n`)),
    data: (value) => void (json && process.stdout.write(`${toJson(value)}\n`)),
    warn: (text) => void process.stderr.write(`${text}\n`),
  };
}

/** Tells of an error on stderr and gives the exit code that goes with it. */
export function reportError(error: unknown, json: boolean): number {
  const report = describeError(error);
  process.stderr.write(json ? `${toJson({ error: report })}\n` : `${errorText(report)}\n`);
  return error instanceof ProblemsError ? EXIT.usage : exitCodeOf(report.code);
}

/** An error as people read it: message and code on one line, then what to do. */
export function errorText({ code, message, remedy }: ErrorReport): string {
  // Most messages say what to do themselves, in better words than the code table's.
  const isSaid = remedy === '' || message.includes(remedy.replace(/\.$/, ''));
  return [`error: ${message} [${code}]`, ...(isSaid ? [] : [`  ${remedy}`])].join('\n');
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? Number(each) : each));
}
