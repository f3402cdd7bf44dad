// Does the HTTP API disturb viewers? Opens viewers of one HTTP-FLV stream, watches how regularly each gets data, first alone
// and then while another process asks the API at a fixed rate, one connection per request. Prints both, and the CPU time of
// the server. docs/performance.md says how it is used.
//   node scripts/measure-api-load.mjs --flv URL --api URL --pid PID [--viewers 500] [--rate 1000] [--seconds 10]
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const TICK_MS = 5;
/** Shorter times between two arrivals are parts of one write. */
const SAME_WRITE_MS = 20;

const { values } = parseArgs({
  options: {
    flv: { type: 'string' },
    api: { type: 'string' },
    pid: { type: 'string' },
    viewers: { type: 'string', default: '500' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    ask: { type: 'boolean', default: false },
  },
});
const [viewers, rate, seconds] = [values.viewers, values.rate, values.seconds].map(Number);

/** @returns sends one GET over a connection of its own */
function asker(address) {
  const { hostname, port, pathname, search } = new URL(address);
  const head = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`;
  return (onEnd) => {
    const began = performance.now();
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(head));
    let bytes = 0;
    socket.on('data', (part) => {
      bytes += part.length;
    });
    socket.on('error', () => {});
    socket.on('close', () => onEnd(bytes > 0 ? performance.now() - began : undefined));
  };
}

function quantiles(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return `p50 ${at(0.5).toFixed(1)}, p99 ${at(0.99).toFixed(1)}, max ${at(1).toFixed(1)} ms`;
}

/** The other process: asks at the rate, and tells how that went. */
async function askAtRate() {
  const ask = asker(values.api);
  const times = [];
  let [sent, ended] = [0, 0];
  const began = performance.now();
  while (sent < rate * seconds) {
    const due = Math.min(rate * seconds, ((performance.now() - began) / 1000) * rate);
    for (; sent < due; sent += 1) {
      ask((ms) => {
        ended += 1;
        if (ms !== undefined) times.push(ms);
      });
    }
    await delay(TICK_MS);
  }
  const took = (performance.now() - began) / 1000;
  for (let wait = 0; ended < sent && wait < 400; wait += 1) {
    await delay(TICK_MS);
  }
  const perSecond = (sent / took).toFixed(0);
  process.send?.(
    `${perSecond} requests/s, ${times.length} of ${sent} answered: ${quantiles(times)}`,
  );
}

/** One viewer, which keeps the times between its arrivals in `gaps`. */
function view(address, gaps) {
  const { hostname, port, pathname, search } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    });
    let last = 0;
    socket.on('data', () => {
      const now = performance.now();
      if (last > 0 && now - last > SAME_WRITE_MS) gaps.now.push(now - last);
      last = now;
      resolve(socket);
    });
    socket.on('error', () => resolve(socket));
    socket.on('close', () => {
      gaps.lost += 1;
    });
  });
}

/** User and system time of the server, ms. */
function cpuMs() {
  const [, rest = ''] = readFileSync(`/proc/${values.pid}/stat`, 'utf8').split(/\) /);
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function measure(name, gaps, during) {
  gaps.now = [];
  const [before, began] = [cpuMs(), performance.now()];
  await during();
  const ms = performance.now() - began;
  const cpu = (((cpuMs() - before) / ms) * 100).toFixed(1);
  process.stdout.write(
    `${name}: between two arrivals ${quantiles(gaps.now)}; server ${cpu} % of a core; viewers lost ${gaps.lost}\n`,
  );
}

async function main() {
  const gaps = { now: [], lost: 0 };
  const sockets = [];
  for (let n = 0; n < viewers; n += 1) {
    sockets.push(await view(values.flv, gaps));
  }
  await delay(2000);
  await measure('alone', gaps, () => delay(seconds * 1000));
  let report = '';
  await measure('with the API', gaps, async () => {
    const other = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--ask']);
    other.on('message', (text) => {
      report = String(text);
    });
    await new Promise((resolve) => other.on('exit', resolve));
  });
  process.stdout.write(`API: ${report}\n`);
  for (const socket of sockets) socket.destroy();
}

await (values.ask ? askAtRate() : main());
