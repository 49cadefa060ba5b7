import type { StepId } from './steps.js';

/** The id of the activity that does two steps. */
export function pairId(validate: StepId, load: StepId): string {
  return `${validate}+${load}`;
}

/** The steps that an activity does, by its id. */
export function stepsOfActivity(activityId: string): string[] {
  const at = activityId.indexOf('+load:');
  return at < 0 ? [activityId] : [activityId.slice(0, at), activityId.slice(at + 1)];
}
