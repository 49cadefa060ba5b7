export { connect, type Millrace, type Runs, type StartedRun, type StartOptions } from './connect.js';
export type { CallOptions } from './http.js';
export type { Call, Listing, Page, Resource, ResourceName } from './resources.js';
export type { EventOptions, RunEvent } from './run-events.js';
export type { RunDetails, RunHandle } from './run-handle.js';
export type { Service } from './send.js';
export { MillraceError, TerminalError, TransientError } from '../core/errors.js';
export type { ErrorCode } from '../core/error-codes.js';
