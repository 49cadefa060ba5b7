import { TerminalError } from '../src/core/errors.js';
import { MAX_BY, MAX_REASON } from '../src/core/steering.js';

/*
 * The arguments of updates come from anybody who can reach Temporal, so nothing is taken for granted. No zod here: it would
 * cost every cached workflow its memory.
 */

/** @throws TerminalError STEERING_INVALID */
export function checkSteer(input: unknown): void {
  const { by, reason } = objectOf(input);
  checkText('by', by, MAX_BY, 'who asks for it');
  if (reason !== undefined && reason !== null && reason !== '') checkText('reason', reason, MAX_REASON, 'why');
}

/** @throws TerminalError STEERING_INVALID */
export function checkDecide(input: unknown): void {
  checkSteer(input);
  const { step, decision, reason } = objectOf(input);
  if (typeof step !== 'string' || step === '') throw invalid('`step` has to be the id of a step, as "load:warehouse.orders"');
  if (decision !== 'retry' && decision !== 'skip' && decision !== 'abort') {
    throw invalid(`\`decision\` has to be "retry", "skip" or "abort", and is ${told(decision)}`);
  }
  if (decision === 'skip' && (typeof reason !== 'string' || reason.trim() === '')) {
    throw invalid('to skip a step needs a `reason`, which is kept');
  }
}

/** @throws TerminalError STEERING_INVALID */
export function checkAnswer(verdict: 'approve' | 'reject', input: unknown): void {
  checkSteer(input);
  const { step, reason, role } = objectOf(input);
  if (typeof step !== 'string' || step === '')
    throw invalid('`step` has to be the id of an approval, as "approve:publish", or its name');
  if (role !== undefined && (typeof role !== 'string' || role === ''))
    throw invalid('`role` has to be one that the approval names');
  if (verdict === 'reject' && (typeof reason !== 'string' || reason.trim() === '')) {
    throw invalid('to reject needs a `reason`, which is kept');
  }
}

function objectOf(input: unknown): Readonly<Record<string, unknown>> {
  if (typeof input === 'object' && input !== null) return input as Record<string, unknown>;
  throw invalid(`the argument has to be an object { "by": "…", "reason": "…" }, and is ${told(input)}`);
}

function checkText(name: string, value: unknown, most: number, what: string): void {
  if (typeof value !== 'string' || value.trim() === '') throw invalid(`\`${name}\` has to say ${what}, and is ${told(value)}`);
  if (value.length > most) throw invalid(`\`${name}\` has ${value.length} characters, and may have ${most}`);
}

function told(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 100);
}

function invalid(why: string): TerminalError {
  return new TerminalError('STEERING_INVALID', `The run cannot take this: ${why}.`);
}
