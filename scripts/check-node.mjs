// Plain, old-fashioned JavaScript: a Node that is too old must still be able to read it.
const required = [20, 19];
const actual = process.versions.node.split('.').map(Number);

if (actual[0] < required[0] || (actual[0] === required[0] && actual[1] < required[1])) {
  console.error(
    'Millrace needs Node ' +
      required.join('.') +
      ' or later; this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n' +
      'Install a newer one from https://nodejs.org, or switch to one with your version manager, and start again.',
  );
  process.exit(1);
}
