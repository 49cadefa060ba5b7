import type { InputOf, ResultOf } from '../../api/index.js';
import { plainTable } from '../../dev/text-format.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

export interface NewTokenOptions {
  readonly role: InputOf<'createToken'>['role'];
  readonly owner?: string[];
  readonly tag?: string[];
  readonly pipeline?: string[];
  readonly group?: string[];
  /** In milliseconds. */
  readonly expires?: number;
}

type Token = ResultOf<'revokeToken'>;

/** Makes a token and prints it, this once. */
export async function create(context: CommandContext, name: string, options: NewTokenOptions): Promise<number> {
  const { role, owner: owners, tag: tags, pipeline: pipelines, group: groups, expires } = options;
  const input = {
    name,
    role,
    ...(owners && { owners }),
    ...(tags && { tags }),
    ...(pipelines && { pipelines }),
    ...(groups && { groups }),
    ...(expires !== undefined && { expiresAt: new Date(Date.now() + expires).toISOString() }),
  };
  const made = await withOperations(context, ({ createToken }) => createToken(input), { withCatalogOnly: true });
  const { output } = context;
  output.data(made);
  output.text(made.token);
  if (!output.json) output.warn('Keep it: it is not shown again. Callers send it as `Authorization: Bearer …`.');
  return EXIT.ok;
}

export async function list(context: CommandContext): Promise<number> {
  const { items } = await withOperations(context, ({ listTokens }) => listTokens({}), { withCatalogOnly: true });
  const { output } = context;
  for (const token of items) output.data(token);
  if (items.length === 0) output.text('No tokens. Make one with: millrace tokens create NAME --role viewer');
  else
    output.text(
      plainTable(['id', 'name', 'role', 'groups', 'pipelines', 'state', 'until', 'last used (UTC)'], items.map(cells), 8),
    );
  return EXIT.ok;
}

function cells({ id, name, role, groups, scope, state, expiresAt, lastUsedAt }: Token): string[] {
  return [id, name, role, groups.join(', '), scopeText(scope), state, shortTime(expiresAt), shortTime(lastUsedAt)];
}

function scopeText(scope: Token['scope']): string {
  if (!scope) return 'all';
  const { owners = [], tags = [], pipelines = [] } = scope;
  return [...owners.map((owner) => `of ${owner}`), ...tags.map((tag) => `#${tag}`), ...pipelines].join(', ');
}

/** @throws TerminalError TOKEN_UNKNOWN */
export async function revoke(context: CommandContext, id: string): Promise<number> {
  const revoked = await withOperations(context, ({ revokeToken }) => revokeToken({ token: id }), { withCatalogOnly: true });
  context.output.data(revoked);
  context.output.text(`The token "${revoked.name}" (${revoked.id}) counts no more.`);
  return EXIT.ok;
}
