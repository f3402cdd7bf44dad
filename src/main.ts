import { Signals } from './process/signals.ts';

// Before anything else is loaded: an unhandled SIGHUP ends a Node.js process.
const signals = new Signals();
const { run } = await import('./process/run.ts');

const status = await run(process.argv.slice(2), signals);
if (status !== undefined) {
  process.exit(status);
}
