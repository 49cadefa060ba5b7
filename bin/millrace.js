#!/usr/bin/env node
// Not compiled, so that it is there when npm links it, before the first build.
await import('../dist/src/cli/main.js');
