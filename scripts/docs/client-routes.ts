import { OPERATIONS } from '../../src/api/index.js';

/** `src/client/routes.ts`: where each operation is, without its schemas. */
export function clientRoutes(): string {
  const lines = Object.entries(OPERATIONS).map(
    ([id, { method, path, tag }]) => `  ${id}: { method: '${method}', path: '${path}', tag: '${tag}' },`,
  );
  return `import type { OperationId, Tag } from '../api/index.js';

/** Where an operation is, and what it is about. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly path: string;
  readonly tag: Tag;
}

/* Made from src/api by \`npm run docs\`: with this table the client needs the schemas as types only, and loads no zod. */
export const ROUTES = {
${lines.join('\n')}
} as Readonly<Record<OperationId, Route>>;
`;
}
