import type { AlertRule } from '../config/alerts.js';
import type { LoadedProject } from '../config/load.js';
import type { PipelineConfig } from '../config/project.js';
import type { Alert } from '../core/alerts.js';

/** The channels that an alert goes to, each once: without rules all of them. */
export function channelsOf(alert: Alert, { config, pipelines }: Pick<LoadedProject, 'config' | 'pipelines'>): string[] {
  const { channels = {}, rules } = config.alerts ?? {};
  if (!rules) return Object.keys(channels);
  const about = alert.pipeline === undefined ? undefined : pipelines[alert.pipeline];
  return [...new Set(rules.filter((rule) => fits(rule, alert, about)).flatMap(({ to }) => to))];
}

function fits(rule: AlertRule, alert: Alert, about: PipelineConfig | undefined): boolean {
  const { kinds, severities, pipelines, owners, tags } = rule;
  return (
    (kinds?.includes(alert.kind) ?? true) &&
    (severities?.includes(alert.severity) ?? true) &&
    (pipelines === undefined || (alert.pipeline !== undefined && pipelines.includes(alert.pipeline))) &&
    (owners === undefined || (about?.owner !== undefined && owners.includes(about.owner))) &&
    (tags === undefined || (about?.tags ?? []).some((tag) => tags.includes(tag)))
  );
}
