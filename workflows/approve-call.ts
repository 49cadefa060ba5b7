import { msToNumber } from '@temporalio/common/lib/time.js';
import { MAX_DETAILS, MAX_NEEDED, MAX_ROLES, MAX_TITLE, type ApprovalCall } from '../src/core/approvals.js';
import { parseDuration } from '../src/core/duration.js';
import { TerminalError } from '../src/core/errors.js';
import type { ApproveOptions } from './approve-options.js';

/** The longest name that is made of a title. */
const MAX_NAME = 60;
const SHORTEST_MS = 1_000;
/** Temporal's timers take no more than some hundred years; nobody waits for ten. */
const LONGEST_MS = 3_650 * 86_400_000;

/**
 * What a pipeline asks, with defaults filled in.
 *
 * @throws TerminalError OPTION_INVALID naming the option
 */
export function approvalCall(options: ApproveOptions): ApprovalCall {
  const { title, details, roles = [], needed = 1, expires, onExpiry = 'reject', fourEyes = false, as } = options;
  if (typeof title !== 'string' || title.trim() === '') throw invalid('`title` has to say in a line what is to be approved');
  if (title.length > MAX_TITLE) throw invalid(`\`title\` has ${title.length} characters, and may have ${MAX_TITLE}`);
  if (!Number.isInteger(needed) || needed < 1 || needed > MAX_NEEDED)
    throw invalid(`\`needed\` has to be a number of people from 1 to ${MAX_NEEDED}, and is ${String(needed)}`);
  if (onExpiry !== 'reject' && onExpiry !== 'approve')
    throw invalid(`\`onExpiry\` is "${String(onExpiry)}"; it is 'reject' or 'approve'`);
  if (typeof fourEyes !== 'boolean') throw invalid(`\`fourEyes\` is ${String(fourEyes)}; it is true or false`);
  checkRoles(roles);
  return {
    title: title.trim(),
    details: checkedDetails(details),
    roles: [...new Set(roles)],
    needed,
    fourEyes,
    name: nameOf(as, title),
    expiresMs: expires === undefined ? undefined : durationOf(expires),
    onExpiry,
  };
}

function checkRoles(roles: unknown): void {
  const isName = (role: unknown): boolean => typeof role === 'string' && role.trim() !== '' && role.length <= 200;
  if (!Array.isArray(roles) || !roles.every(isName)) throw invalid('`roles` has to be a list of roles and groups');
  if (roles.length > MAX_ROLES) throw invalid(`\`roles\` names ${roles.length} roles, and may name ${MAX_ROLES}`);
}

/** @returns details that can be kept: text or JSON; null without any */
function checkedDetails(details: unknown): unknown {
  if (details === undefined || details === null || details === '') return null;
  let json: string | undefined;
  try {
    json = typeof details === 'string' ? details : JSON.stringify(details);
  } catch (error) {
    throw invalid(`\`details\` cannot be written as JSON: ${String(error)}`);
  }
  if (json === undefined) throw invalid('`details` has to be Markdown, or what can be written as JSON');
  if (json.length > MAX_DETAILS)
    throw invalid(`\`details\` has ${json.length} characters, and may have ${MAX_DETAILS}: say where the rest is`);
  return typeof details === 'string' ? details : (JSON.parse(json) as unknown);
}

function nameOf(as: unknown, title: string): string {
  if (as === undefined) {
    const name = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, MAX_NAME)
      .replace(/-+$/, '');
    if (name !== '') return name;
    throw invalid(`no name can be made of the title ${JSON.stringify(title)}. Give it one: { as: '…' }`);
  }
  if (typeof as === 'string' && as.trim() !== '' && as.length <= MAX_TITLE) return as;
  throw invalid(`\`as\` has to be a name, of at most ${MAX_TITLE} characters`);
}

function durationOf(expires: unknown): number {
  const ms = typeof expires === 'number' ? expires : typeof expires === 'string' ? wordsOf(expires) : undefined;
  if (ms !== undefined && Number.isFinite(ms) && ms >= SHORTEST_MS && ms <= LONGEST_MS) return Math.round(ms);
  throw invalid(
    `\`expires\` is ${JSON.stringify(expires)}; it is a time such as '2 days' or '36 hours', or milliseconds, from one second to ten years`,
  );
}

function wordsOf(text: string): number | undefined {
  const known = parseDuration(text);
  if (known !== undefined) return known;
  try {
    return msToNumber(text as '1s');
  } catch {
    return undefined;
  }
}

function invalid(why: string): TerminalError {
  return new TerminalError('OPTION_INVALID', `run.approve cannot ask this: ${why}.`);
}
