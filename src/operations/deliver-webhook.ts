import type { Caller } from '../access/caller.js';
import { projectEnvironment } from '../config/environment.js';
import { admissible } from '../config/parameters.js';
import { resolveText } from '../config/resolve-env.js';
import { TerminalError } from '../core/errors.js';
import { tellTrigger } from '../temporal/triggers.js';
import { audited } from './audited.js';
import type { OperationServices } from './context.js';
import { verifyDelivery, type SignedDelivery } from './webhook-signature.js';

/** Where a delivery came from, as an address, and how the log names its request. */
export type DeliveryPlace = Required<Pick<Caller, 'from' | 'requestId'>>;

/**
 * Takes a delivery for a pipeline's webhook: it is safe once this resolves, with Temporal. Whatever comes of it is written to
 * the audit, without its body.
 *
 * @throws TerminalError TRIGGER_UNKNOWN, SIGNATURE_INVALID, REQUEST_INVALID, PARAMETERS_INVALID, ENV_MISSING, ENV_INVALID
 */
export async function deliverWebhook(
  services: OperationServices,
  place: DeliveryPlace,
  pipeline: string,
  delivery: SignedDelivery,
): Promise<{ readonly pipeline: string; readonly delivery: string }> {
  const caller: Caller = { name: `webhook of ${pipeline}`, kind: 'anonymous', role: 'operator', ...place };
  const input = { pipeline, delivery: delivery.id?.slice(0, 200) ?? null, bytes: delivery.body.length };
  return audited(services.catalog, caller, { id: 'deliverWebhook', input }, async () => {
    const id = verifyDelivery(delivery, secretOf(services, pipeline));
    const params = parametersOf(services, pipeline, delivery.body);
    const { temporal, project } = services;
    const isThere = await tellTrigger(temporal, { taskQueue: project.taskQueue, pipeline }, 'delivery', { id, params });
    if (!isThere) {
      throw new TerminalError(
        'TRIGGER_UNKNOWN',
        `The triggers of "${pipeline}" do not work yet. Let them begin with \`millrace apply\`.`,
      );
    }
    return { pipeline, delivery: id };
  });
}

function secretOf({ project }: OperationServices, pipeline: string): string {
  const config = Object.hasOwn(project.pipelines, pipeline) ? project.pipelines[pipeline] : undefined;
  const webhook = config?.triggers?.webhook;
  if (!webhook) {
    throw new TerminalError(
      'TRIGGER_UNKNOWN',
      `No pipeline "${pipeline}" is started by a webhook. Give it \`triggers: { webhook: { secret: env('…') } }\`.`,
    );
  }
  return resolveText(webhook.secret, `pipelines.${pipeline}.triggers.webhook.secret`, projectEnvironment(project.root));
}

/** The body, once the pipeline would take it: whoever sends it hears at once what is wrong. */
function parametersOf({ project }: OperationServices, pipeline: string, body: Buffer): Readonly<Record<string, unknown>> {
  const given = objectIn(body);
  const fixed = project.pipelines[pipeline]?.triggers?.params ?? {};
  const both = Object.keys(given).filter((name) => Object.hasOwn(fixed, name));
  if (both.length > 0) {
    const message = `The body gives ${both.join(', ')}, which the config has fixed for this webhook. Leave ${both.length === 1 ? 'it' : 'them'} out.`;
    throw new TerminalError('PARAMETERS_INVALID', message, { fields: both.join(',') });
  }
  admissible(project.pipelines, pipeline, { ...fixed, ...given });
  return given;
}

function objectIn(body: Buffer): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    parsed = undefined;
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw new TerminalError('REQUEST_INVALID', 'The body is no JSON object. Send the parameters of the run as one, or nothing.');
}
