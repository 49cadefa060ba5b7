#!/usr/bin/env node
// Not compiled, so that it is there when npm links it, before the first build; and in JavaScript that a Node which is too
// old can still read, so that it says so instead of a syntax error. CommonJS, which Node loads without its pool of threads:
// so their number can still be set here.
'use strict';
const os = require('node:os');
const process = require('node:process');

const code = 'NODE_UNSUPPORTED';
const required = [20, 19];
const actual = process.versions.node.split('.').map(Number);

if (actual[0] < required[0] || (actual[0] === required[0] && actual[1] < required[1])) {
  console.error(
    'error: Millrace needs Node ' +
      required.join('.') +
      ' or later; this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      '). Install a newer one from https://nodejs.org, or switch to one with your version manager. [' +
      code +
      ']',
  );
  process.exit(2);
} else {
  // A statement of DuckDB holds a thread while it works or waits, and a step may have two: as many as the steps at once need.
  if (!process.env.UV_THREADPOOL_SIZE) {
    process.env.UV_THREADPOOL_SIZE = String(Math.max(4, 2 * os.availableParallelism()));
  }
  void import('../dist/src/cli/main.js');
}
