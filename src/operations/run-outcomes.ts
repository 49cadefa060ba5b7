import type { TemporalClient } from '../temporal/connect.js';
import { outcomeOf, type RunOutcome } from '../temporal/describe-run.js';
import { formatRunAddress, type RunAddress } from '../temporal/run-id.js';

/** Outcomes kept, and the largest of them: a result may have two megabytes. */
const MOST_OUTCOMES = 1_000;
const MOST_CHARACTERS = 16_384;

/** Makes the function that tells how a closed run ended. Temporal is asked once for each: an end does not change. */
export function rememberOutcomes(temporal: TemporalClient): (run: Required<RunAddress>) => Promise<RunOutcome> {
  const known = new Map<string, RunOutcome>();
  return async (run) => {
    const name = formatRunAddress(run);
    const kept = known.get(name);
    if (kept) return kept;
    const outcome = await outcomeOf(temporal, run);
    if (JSON.stringify(outcome).length > MOST_CHARACTERS) return outcome;
    known.set(name, outcome);
    const [oldest] = known.keys();
    if (known.size > MOST_OUTCOMES && oldest !== undefined) known.delete(oldest);
    return outcome;
  };
}
