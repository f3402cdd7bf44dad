// Brings a fresh clone, or one with changes, to the point where the server can run; see set-up.mjs. This file looks at the
// version of Node.js first, in words that old versions can read.
//   node scripts/setup.mjs          what `npm start` needs
//   node scripts/setup.mjs --test   what `npm test` needs as well
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 17)) {
  process.stderr.write(
    `setup: Node.js 20.17 or newer is needed, this is ${process.versions.node}\n`,
  );
  process.exitCode = 1;
} else {
  void import('./set-up.mjs');
}
