import { defaultPayloadConverter } from '@temporalio/client';
import type { DecideInput, RunDecision, SteerInput } from '../core/steering.js';
import { isoTime } from './iso-time.js';
import type { HistoryEvent } from './run-end.js';

type Request = NonNullable<HistoryEvent['workflowExecutionUpdateAcceptedEventAttributes']>['acceptedRequest'];

/** What was done to a run, as its history has it: the updates that it took, in their order. */
export function pastDecisions(events: readonly HistoryEvent[]): RunDecision[] {
  const admitted = new Map<string, Request>();
  const decisions: RunDecision[] = [];
  for (const event of events) {
    // A reset writes what it sends again as admitted; that it was accepted, later, says so by its id.
    const again = event.workflowExecutionUpdateAdmittedEventAttributes?.request;
    if (again?.meta?.updateId) admitted.set(again.meta.updateId, again);
    const accepted = event.workflowExecutionUpdateAcceptedEventAttributes;
    if (!accepted) continue;
    const request = accepted.acceptedRequest ?? admitted.get(accepted.protocolInstanceId ?? '');
    const decision = decisionOf(request, decisions.length + 1, isoTime(event.eventTime));
    if (decision) decisions.push(decision);
  }
  return decisions;
}

function decisionOf(request: Request | undefined, number: number, at: string): RunDecision | undefined {
  const name = request?.input?.name;
  const payload = request?.input?.args?.payloads?.[0];
  if (!payload || (name !== 'pause' && name !== 'resume' && name !== 'decide')) return undefined;
  const { by, reason, ...about } = defaultPayloadConverter.fromPayload<SteerInput & Partial<DecideInput>>(payload);
  const action = name === 'decide' ? about.decision : name;
  if (action === undefined) return undefined;
  const { step } = about;
  return { number, action, ...(step !== undefined && { step }), by, ...(reason !== undefined && { reason }), at };
}
