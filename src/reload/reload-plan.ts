import { formatEndpoint } from '../config/endpoint.ts';
import type { MillraceConfig } from '../config/millrace-config.ts';
import type { OpenListener, PlannedListener } from '../listeners.ts';
import type { StreamRegistry } from '../streams/registry.ts';
import { vhostOf } from '../streams/stream-key.ts';
import { type ConfigChange, compareConfigs } from './config-changes.ts';

/** Live sessions of a vhost that has changed; they keep what they began with. */
export interface TouchedSessions {
  readonly vhost: string;
  readonly publishers: number;
  /** Those who wait for a publisher too. */
  readonly players: number;
}

/** What a reload does, all of it or nothing. */
export interface ReloadPlan {
  /** What is in force afterwards: the new values, but for those that need a restart. */
  readonly config: MillraceConfig;
  readonly changes: readonly ConfigChange[];
  readonly addedVhosts: readonly string[];
  /** Their sessions go on; the names are served by the default vhost from now on, or refused. */
  readonly removedVhosts: readonly string[];
  /** Ports that are opened. */
  readonly opens: readonly PlannedListener[];
  /** Ports that are closed. Connections that they have accepted stay. */
  readonly closes: readonly OpenListener[];
  /** One entry for each vhost that has changed or gone and has sessions. */
  readonly sessions: readonly TouchedSessions[];
}

/** What of a running server a plan depends on. */
export interface PlanSources {
  readonly current: MillraceConfig;
  readonly registry: StreamRegistry;
  /** @return what is to be opened and closed so that the ports of `config` listen. */
  readonly compareListeners: (config: MillraceConfig) => Pick<ReloadPlan, 'opens' | 'closes'>;
}

/** Works out what taking over `next` means. Changes nothing. */
export function planReload(next: MillraceConfig, sources: PlanSources): ReloadPlan {
  const { merged, changes, addedVhosts, removedVhosts } = compareConfigs(sources.current, next);
  const touched = new Set(removedVhosts);
  for (const { vhost, effect } of changes) {
    if (vhost !== undefined && effect !== 'restart') {
      touched.add(vhost);
    }
  }
  return {
    config: merged,
    changes,
    addedVhosts,
    removedVhosts,
    ...sources.compareListeners(merged),
    sessions: countSessions(touched, sources.registry),
  };
}

function countSessions(vhosts: ReadonlySet<string>, registry: StreamRegistry): TouchedSessions[] {
  const counts = new Map<string, { publishers: number; players: number }>();
  for (const { url, publication, players } of registry.states()) {
    const vhost = vhostOf(url);
    if (vhosts.has(vhost)) {
      const count = counts.get(vhost) ?? { publishers: 0, players: 0 };
      count.publishers += publication ? 1 : 0;
      count.players += players;
      counts.set(vhost, count);
    }
  }
  return [...counts].map(([vhost, count]) => ({ vhost, ...count }));
}

/** Lines about changes of one plan; what goes beyond is counted. */
const MAX_LINES = 100;
/** Characters of one value in a line. */
const MAX_VALUE = 200;

/** The plan for the log, one thing in each line. Empty when nothing changes. */
export function planLines(plan: ReloadPlan): readonly string[] {
  const { changes, opens, closes, addedVhosts, removedVhosts, sessions } = plan;
  const lines = [
    ...addedVhosts.map((name) => `vhost ${name} is new`),
    ...removedVhosts.map((name) => `vhost ${name} is gone`),
    ...changes.map(changeLine),
    ...closes.map(({ purpose, endpoint }) => `close ${purpose} ${formatEndpoint(endpoint)}`),
    ...opens.map(({ purpose, endpoint }) => `open ${purpose} ${formatEndpoint(endpoint)}`),
    ...sessions.map(
      ({ vhost, publishers, players }) =>
        `vhost ${vhost}: ${publishers} publishers and ${players} players go on with what they began with`,
    ),
  ];
  const rest = lines.length - MAX_LINES;
  return rest > 0 ? [...lines.slice(0, MAX_LINES), `and ${rest} more`] : lines;
}

const effects: Readonly<Record<ConfigChange['effect'], string>> = {
  at_once: 'at once',
  next: 'for what begins from now on',
  restart: 'NEEDS A RESTART',
};

function changeLine({ path, vhost, effect, before, after }: ConfigChange): string {
  const place = vhost === undefined ? '' : ` of ${vhost}`;
  return `${path}${place}: ${short(before)} -> ${short(after)}, ${effects[effect]}`;
}

function short(value: string): string {
  if (value === '') {
    return 'none';
  }
  return value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}...` : value;
}
