export { judgeCsv, type JudgedRows, type RejectedRow } from './judge-csv.js';
export { runTransform, type TransformInputRows, type TransformOptions, type TransformOutputRow } from './run-transform.js';
