export {
  slack,
  smtp,
  webhook,
  type AlertChannel,
  type AlertRule,
  type AlertsConfig,
  type PipelineAlerts,
  type SlackOptions,
  type SloConfig,
  type SmtpOptions,
  type WebhookOptions,
} from './alerts.js';
export { checks, type CheckSet } from './check-set.js';
export { contract, type Contract, type RowOf } from './contract.js';
export {
  distribution,
  freshness,
  noRows,
  nullShare,
  references,
  rowCount,
  unique,
  type Bounds,
  type CheckOptions,
  type DatasetCheck,
  type DistributionOptions,
  type NamedChecks,
  type RowCountOptions,
} from './dataset-checks.js';
export { env, type Configurable, type EnvReference } from './env.js';
export {
  defineProject,
  type ConnectionConfig,
  type DevRun,
  type PipelineConfig,
  type Project,
  type ProjectConfig,
} from './project.js';
export { type PoolConfig, type PoolOptions } from './pools.js';
export { type ArchiveConfig, type RetentionConfig } from './retention.js';
export { type S3Options } from './s3.js';
export { type ScheduleConfig } from './schedule.js';
export { sql, type SqlExpression } from './sql.js';
export { type FilesTrigger, type SqlTrigger, type TriggersConfig, type WebhookTrigger } from './trigger.js';
export { query, sqlFile, type SelectBuilder, type Selection, type Transform } from './transform.js';
export { rows, type RowsContext, type RowsFunction, type RowsInput, type RowsOptions } from './rows.js';
export { type TransformInputs, type TransformParams } from './transform-inputs.js';
export { daily, monthly, type Partitioning } from '../core/partitions.js';
export { files, type FilesOptions } from '../connectors/files/config.js';
export { postgres, type PostgresOptions } from '../connectors/postgres/config.js';
