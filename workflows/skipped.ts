import type { StepId, StepResult } from '../src/core/steps.js';
import { idOf, type StepCall } from './step-calls.js';

type Given = { readonly skipped?: string } | undefined;

/** The skipped step for want of which a step cannot be done: one of its inputs would come from there. */
export function lackingOf({ input }: StepCall): StepId | undefined {
  const audits = (input['audit'] as readonly { readonly inputs?: Readonly<Record<string, Given>> }[] | undefined) ?? [];
  const given = [input['input'] as Given, ...valuesOf(input['inputs']), ...audits.flatMap(({ inputs }) => valuesOf(inputs))];
  return given.find((each) => each?.skipped !== undefined)?.skipped as StepId | undefined;
}

function valuesOf(inputs: unknown): Given[] {
  return Object.values((inputs as Readonly<Record<string, Given>> | undefined) ?? {});
}

/** What stands for the result of a step that was not done. Whatever step is given it is not done either. */
export function skippedResult(call: StepCall, because: StepId): StepResult {
  const { kind, input } = call;
  if (kind === 'check') return { checked: { passed: 0, failed: 0, results: [] }, skipped: because };
  if (kind === 'load' || 'on' in input) {
    const target = `${String(input['connection'] ?? input['on'])}.${String(input['target'])}`;
    const nothing = { rows: 0, replaced: 0, alreadyDone: false, created: false };
    return { load: { target, mode: input['mode'] as 'merge', ...nothing, loadId: '', skipped: because } };
  }
  const name = nameOf(call);
  return { dataset: { name, uri: '', rows: 0, bytes: 0, content: '', schema: '', parents: [], skipped: because }, reused: false };
}

function nameOf(call: StepCall): string {
  const { dataset, transform, input } = call.input as {
    readonly dataset?: string;
    readonly transform?: string;
    readonly input?: { readonly name: string };
  };
  return dataset ?? transform ?? input?.name ?? idOf(call);
}
