import type { ErrorCodeEntry } from './entry.js';

/** The project and its config. */
export const PROJECT_ERRORS = {
  CONFIG_INVALID: {
    cause: 'The config, `millrace.config.ts`, does not load, or does not fit its schema.',
    retryable: false,
    remedy: 'Correct what the message names.',
  },
  TYPES_INVALID: {
    cause: 'The project does not type-check.',
    retryable: false,
    remedy: 'Correct what the compiler names; your editor shows the same.',
  },
  BUILD_UNUSABLE: {
    cause: 'What `millrace build` has made is incomplete, changed, or made by another version of Millrace.',
    retryable: false,
    remedy: 'Run `millrace build` again.',
  },
  BUILD_STALE: {
    cause: 'Sources have changed since `millrace build`. It is a warning: the build runs as it is.',
    retryable: false,
    remedy: 'Run `millrace build` again to use the changes.',
  },
  ZOD_UNPROVEN: {
    cause: 'Contracts are made with another zod than the one that is compiled to SQL. It is a warning: zod judges each row.',
    retryable: false,
    remedy: 'Install the zod that the message names, exactly.',
  },
  ZOD_TWICE: {
    cause: 'The project has a copy of zod of its own beside Millrace’s. It is a warning.',
    retryable: false,
    remedy: 'Run `npm dedupe`.',
  },
  FILES_EXIST: {
    cause: 'Files are in the way of those that would be written. Nothing was written.',
    retryable: false,
    remedy: 'Choose another folder, or move them away.',
  },
  PROJECT_INVALID: {
    cause: 'A project has several problems, each of which the message lists with its own code.',
    retryable: false,
    remedy: 'Correct them all, then start again.',
  },
  WORKFLOW_INVALID: {
    cause: 'A file of pipelines does not compile, or throws when it is imported, in Node or in the workflow sandbox.',
    retryable: false,
    remedy: 'Correct the file at the named line.',
  },
  WORKFLOW_IMPORT: {
    cause: 'A pipeline imports what the workflow sandbox may not hold: Node, a driver, the config.',
    retryable: false,
    remedy: 'Import the type only, or move the code to where rows are handled.',
  },
  ENV_MISSING: {
    cause: 'An environment variable that the config names is not set and has no default.',
    retryable: false,
    remedy: 'Set it for the worker, or in the project’s `.env`.',
  },
  ENV_INVALID: {
    cause: 'The project’s `.env`, or a file that a variable `…_FILE` names, cannot be read; or a value is given in two ways.',
    retryable: false,
    remedy: 'Correct the variable or file that the message names.',
  },
  CONNECTION_UNKNOWN: {
    cause: 'A step names a connection that the config does not have.',
    retryable: false,
    remedy: 'Add it to `connections`, or correct the name.',
  },
  CONTRACT_UNKNOWN: {
    cause: 'A step names a contract that the config does not have.',
    retryable: false,
    remedy: 'Add it to `contracts`, or correct the name.',
  },
  TRANSFORM_UNKNOWN: {
    cause: 'A step names a transform that the config does not have.',
    retryable: false,
    remedy: 'Add it to `transforms`, or correct the name.',
  },
  OPTION_INVALID: {
    cause: 'A step’s options do not fit the connection or each other.',
    retryable: false,
    remedy: 'Correct the option the message names.',
  },
  CAPABILITY_MISSING: {
    cause: 'The connection cannot do what the step asks.',
    retryable: false,
    remedy: 'Use one of the modes the message lists.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
