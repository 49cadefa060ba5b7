import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { openApiDocument } from './document.js';

/** What the page may do: its own scripts and styles, and calls to this service. Swagger UI sets styles on its elements. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The description of the service at `/openapi.json`, and a page to read and try it at `/docs`. Both are for everybody: they
 * say what every Millrace service can do, and nothing of the project. The bare address leads to the page.
 */
export function addOpenApi(app: FastifyInstance): void {
  const document = openApiDocument();
  app.register(swagger, { mode: 'static', specification: { document: document as never } });
  app.get('/openapi.json', async () => document);
  // Whoever follows the printed address in a browser; relative, since a proxy may have the service below a path.
  app.get('/', async (_request, reply) => reply.redirect('docs'));
  app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: PAGE_POLICY,
    uiConfig: {
      layout: 'BaseLayout',
      docExpansion: 'none',
      persistAuthorization: false,
      tryItOutEnabled: false,
      displayRequestDuration: true,
    },
  });
}
