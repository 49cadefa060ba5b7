import { canonicalJson } from '../core/canonical-json.js';
import type { TriggerSettings } from '../core/trigger.js';
import { spanText } from '../schedules/words.js';

/** What starts a pipeline, in words: `after warehouse.orders`, `files inbox/*.csv in lake, every minute`. */
export function triggerWords({ after, files, sql, webhook }: TriggerSettings): string[] {
  return [
    ...(after.length > 0 ? [`after ${after.join(', ')}`] : []),
    ...(files ? [`files ${files.path} in ${files.connection}, every ${spanText(files.everyMs)}`] : []),
    ...(sql ? [`SQL on ${sql.connection}, every ${spanText(sql.everyMs)}`] : []),
    ...(webhook ? ['webhook'] : []),
  ];
}

/** One thing that is other in Temporal than in the config, in words. */
export interface TriggerDifference {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

const FIELDS = ['after', 'files', 'sql', 'webhook', 'params', 'partition'] as const;

/** How triggers of Temporal's differ from what the config wants. */
export function triggerDifferences(there: TriggerSettings, wanted: TriggerSettings): TriggerDifference[] {
  return FIELDS.filter((field) => canonicalJson(there[field]) !== canonicalJson(wanted[field])).map((field) => ({
    field,
    before: valueText(there[field]),
    after: valueText(wanted[field]),
  }));
}

function valueText(value: TriggerSettings[(typeof FIELDS)[number]]): string {
  if (value === null || value === false || (Array.isArray(value) && value.length === 0)) return 'none';
  if (value === true) return 'yes';
  return Array.isArray(value) ? value.join(', ') : JSON.stringify(value);
}
