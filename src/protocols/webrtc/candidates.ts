import { lookup } from 'node:dns/promises';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { MillraceConfig } from '../../config/millrace-config.ts';

/** An address, or a name, at which peers reach the server; the server's own port where none is given. */
export interface CandidateHost {
  readonly host: string;
  readonly port?: number;
}

/** Ports that take media; a transport without one is not offered. */
export interface CandidatePorts {
  readonly udp: readonly number[];
  readonly tcp: readonly number[];
}

/** What candidates are found with; replaced in tests. */
export interface CandidateSources {
  /** Addresses of the network interfaces, loopback left out. */
  readonly interfaces: () => readonly string[];
  /** @return the addresses of a name; empty when it has none. */
  readonly resolve: (name: string, signal: AbortSignal) => Promise<readonly string[]>;
}

/** A name that is not resolved by then is left out: the answer must not wait for a name server. */
const RESOLVE_LIMIT_MS = 1000;
const MAX_CANDIDATES = 16;

export const systemSources: CandidateSources = {
  interfaces: () =>
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family, scopeid }) => !internal && (family === 'IPv4' || !scopeid))
      .map(({ address }) => address),
  resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
};

/**
 * The addresses that an answer names, without duplicates: those the client asks for, the host by which it
 * called the API, the configured one, those of the network interfaces. On a machine without a network it is
 * the loopback address.
 * @param asked    values of `eip` and `candidate` of the query.
 * @param apiHost  host of the request, without its port; empty when it is not known.
 */
export async function findCandidateHosts(
  rtc: MillraceConfig['rtcServer'],
  asked: readonly string[],
  apiHost: string,
  sources: CandidateSources = systemSources,
): Promise<readonly CandidateHost[]> {
  const found: CandidateHost[] = [];
  const add = (host: CandidateHost): void => {
    const known = found.some((one) => one.host === host.host && one.port === host.port);
    if (!known && found.length < MAX_CANDIDATES) {
      found.push(host);
    }
  };
  for (const value of asked) {
    const host = parseHost(value);
    if (host) {
      add(host);
    }
  }
  if (rtc.apiAsCandidates && !isLocal(apiHost)) {
    for (const host of await namedHosts(apiHost, rtc, sources)) {
      add({ host });
    }
  }
  const configured = candidateOf(rtc.candidate);
  if (configured !== '*') {
    const host = parseHost(configured);
    if (host) {
      add(host);
    }
  } else if (rtc.useAutoDetectNetworkIp) {
    for (const address of ofFamily(sources.interfaces(), rtc.ipFamily)) {
      add({ host: address });
    }
  }
  if (found.length === 0) {
    const [first] = ofFamily(sources.interfaces(), rtc.ipFamily);
    add({ host: first ?? (rtc.ipFamily === 'ipv6' ? '::1' : '127.0.0.1') });
  }
  return found;
}

/** `rtc_server.candidate`: `$NAME` is taken from the environment; all spellings of "find it" become `*`. */
function candidateOf(value: string): string {
  const text = value.startsWith('$') ? (process.env[value.slice(1)] ?? '') : value;
  return text === '' || text === '0.0.0.0' || text === '::' ? '*' : text;
}

async function namedHosts(
  name: string,
  { resolveApiDomain, keepApiDomain, ipFamily }: MillraceConfig['rtcServer'],
  sources: CandidateSources,
): Promise<readonly string[]> {
  if (isIP(name) !== 0) {
    return [name];
  }
  const hosts = keepApiDomain ? [name] : [];
  if (resolveApiDomain) {
    hosts.push(...ofFamily(await resolved(name, sources), ipFamily).slice(0, 1));
  }
  return hosts;
}

async function resolved(name: string, sources: CandidateSources): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(RESOLVE_LIMIT_MS);
  const late = new Promise<readonly string[]>((resolve) => {
    signal.addEventListener('abort', () => resolve([]), { once: true });
  });
  // A name that only the client can resolve is no error of the server.
  const found = sources.resolve(name, signal).catch(() => []);
  return Promise.race([found, late]);
}

function ofFamily(addresses: readonly string[], family: string): readonly string[] {
  return addresses.filter((address) =>
    family === 'all' ? true : family === 'ipv6' ? isIPv6(address) : isIPv4(address),
  );
}

function isLocal(host: string): boolean {
  return host === '' || host === 'localhost' || host === '127.0.0.1' || host === '::1';
}

/** `ip`, `ip:port`, `[ipv6]:port` or a name; undefined for anything else. */
export function parseHost(text: string): CandidateHost | undefined {
  if (isIP(text) !== 0) {
    return { host: text };
  }
  const [, v6, name, port] =
    /^(?:\[([0-9a-f:.]{2,45})\]|([\w.-]{1,253}))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = v6 ?? name;
  if (host === undefined || (v6 !== undefined && !isIPv6(v6)) || Number(port ?? 1) > 65535) {
    return undefined;
  }
  return port === undefined || port === '0' ? { host } : { host, port: Number(port) };
}

/** RFC 8445 §5.1.2.1 for a host candidate, as SRS computes it. */
const UDP_PRIORITY = 2_130_706_431;
/** RFC 6544 §4.2: lower, so that UDP is taken where it works. */
const TCP_PRIORITY = 2_105_458_943;

/** The values of `a=candidate`, the best first. */
export function candidateValues(
  hosts: readonly CandidateHost[],
  ports: CandidatePorts,
): readonly string[] {
  const values: string[] = [];
  const list = (
    transport: 'udp' | 'tcp',
    own: readonly number[],
    best: number,
    end: string,
  ): void => {
    let priority = best;
    for (const { host, port } of hosts) {
      for (const at of port !== undefined && own.length > 0 ? [port] : own) {
        const foundation = values.length;
        values.push(`${foundation} 1 ${transport} ${priority} ${host} ${at} typ host ${end}`);
        priority -= 256;
      }
    }
  };
  list('udp', ports.udp, UDP_PRIORITY, 'generation 0');
  list('tcp', ports.tcp, TCP_PRIORITY, 'tcptype passive');
  return values;
}
