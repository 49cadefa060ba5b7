import type { CallContext, Connector } from '../src/connectors/contract.js';
import { TerminalError } from '../src/core/errors.js';
import type { DiscoverStepInput, DiscoverStepResult } from '../src/core/steps.js';
import { withConnection } from './connection.js';
import { planCopies, type CopyPlan } from './plan-copies.js';
import type { Services } from './services.js';
import { stepActivity } from './step-activity.js';
import type { StepCall } from './step-call.js';

/**
 * Looks which tables a source has, and says of each that is wanted how it is to be copied. What all targets share is seen
 * to here: that the destination can do it, and that the schemas are there.
 */
export function makeDiscover(services: Services) {
  return stepActivity<DiscoverStepInput, DiscoverStepResult>(services, 'discover', async (input, call) => {
    const result = await withConnection(services, input.from, call, (source) =>
      withConnection(services, input.to, call, (target) => discover(input, call, source, target)),
    );
    return { result, inputs: [] };
  });
}

async function discover(input: DiscoverStepInput, call: StepCall, from: Connector, to: Connector): Promise<DiscoverStepResult> {
  call.phase('listing');
  const { tables, schemas } = await findCopies(input, call, from, to);
  await to.destination?.provideSchemas?.(schemas);
  return { tables };
}

/** Which tables would be copied, and how. Writes nothing. @throws TerminalError CAPABILITY_MISSING, and what planning copies throws */
export async function findCopies(
  input: Omit<DiscoverStepInput, 'run' | 'step'>,
  call: CallContext,
  from: Connector,
  to: Connector,
): Promise<CopyPlan> {
  const { destination } = to;
  if (!from.source?.tables) {
    const text = `Connection "${input.from}" (${from.kind}) has no tables that could be listed. Replicate from a database.`;
    throw new TerminalError('CAPABILITY_MISSING', text);
  }
  if (!destination?.targetFor) {
    const text = `Connection "${input.to}" (${to.kind}) cannot take tables. Replicate into a database or into files.`;
    throw new TerminalError('CAPABILITY_MISSING', text);
  }
  if (!destination.capabilities.modes.includes(input.mode)) {
    const modes = destination.capabilities.modes.filter((mode) => mode !== 'append').join(', ');
    const text = `Connection "${input.to}" (${to.kind}) cannot ${input.mode}. Of the modes of a replication it has: ${modes}.`;
    throw new TerminalError('CAPABILITY_MISSING', text);
  }
  const targetFor = destination.targetFor.bind(destination);
  const found = await from.source.tables(call);
  return planCopies(input, found, {
    targetFor,
    existing: (await to.source?.tables?.(call)) ?? [],
    isSource: await areOne(from, to),
  });
}

async function areOne(from: Connector, to: Connector): Promise<boolean> {
  if (!from.identity || !to.identity) return false;
  const [one, other] = await Promise.all([from.identity(), to.identity()]);
  return one === other;
}
