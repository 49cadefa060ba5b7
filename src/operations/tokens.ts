import { requireNoScope } from '../access/caller.js';
import { makeToken } from '../access/token.js';
import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { TokenRecord } from '../catalog/index.js';
import { TerminalError } from '../core/errors.js';
import type { Handlers, OperationContext } from './context.js';

type Token = ResultOf<'revokeToken'>;

export const tokenHandlers: Handlers<'listTokens' | 'createToken' | 'revokeToken'> = {
  async listTokens({ catalog, caller }) {
    requireNoScope(caller, 'the list of tokens');
    return { items: (await catalog.listTokens()).map((record) => view(record)), next: null };
  },
  createToken,
  async revokeToken({ catalog, caller }, { token: id }) {
    requireNoScope(caller, 'revoking tokens');
    await catalog.revokeToken(id, caller.name, new Date().toISOString());
    const revoked = await catalog.findToken(id);
    if (revoked) return view(revoked);
    throw new TerminalError(
      'TOKEN_UNKNOWN',
      `There is no token of the id "${id}". List them with \`millrace tokens list\`; the id is the part between mr_ and the secret.`,
    );
  },
};

async function createToken(
  { catalog, caller, project }: OperationContext,
  { name, role, owners, tags, pipelines, groups = [], expiresAt }: ParsedInputOf<'createToken'>,
): Promise<ResultOf<'createToken'>> {
  // Else an admin of some pipelines could make themselves one of all.
  requireNoScope(caller, 'making tokens');
  const unknown = pipelines?.find((each) => !Object.hasOwn(project.pipelines, each));
  if (unknown !== undefined) {
    throw new TerminalError('REQUEST_INVALID', `pipelines: the config has no pipeline "${unknown}". Correct the name.`);
  }
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()) {
    throw new TerminalError('REQUEST_INVALID', `expiresAt: ${expiresAt} is over. Give a time to come, or leave it out.`);
  }
  const { id, text, secretHash } = makeToken();
  const isScoped = owners !== undefined || tags !== undefined || pipelines !== undefined;
  const record: TokenRecord = {
    id,
    name,
    role,
    scope: isScoped ? { ...(owners && { owners }), ...(tags && { tags }), ...(pipelines && { pipelines }) } : null,
    groups,
    secretHash,
    createdAt: new Date().toISOString(),
    createdBy: caller.name,
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
    revokedAt: null,
    revokedBy: null,
    lastUsedAt: null,
  };
  await catalog.createToken(record);
  return { ...view(record), token: text };
}

function view(record: TokenRecord): Token {
  const { id, name, role, scope, groups, createdAt, createdBy, expiresAt, revokedAt, revokedBy, lastUsedAt } = record;
  const told = {
    id,
    name,
    role,
    scope,
    groups,
    state: stateOf(record),
    createdAt,
    createdBy,
    expiresAt,
    revokedAt,
    revokedBy,
    lastUsedAt,
  };
  return structuredClone(told) as Token;
}

function stateOf({ revokedAt, expiresAt }: Pick<TokenRecord, 'revokedAt' | 'expiresAt'>): Token['state'] {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'valid';
}
