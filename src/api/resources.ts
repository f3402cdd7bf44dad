import { authors, features } from './about.ts';
import type { ApiResource } from './api-context.ts';
import { clients } from './clients.ts';
import { clusters } from './clusters.ts';
import { meminfos, rusages, selfProcStats, systemProcStats } from './machine.ts';
import { metrics } from './metrics.ts';
import { openApi } from './openapi.ts';
import { raw } from './raw.ts';
import { roots } from './roots.ts';
import { streams } from './streams.ts';
import { summaries } from './summaries.ts';
import { tests } from './tests.ts';
import { versions } from './versions.ts';
import { vhosts } from './vhosts.ts';

/** Everything that the API serves, one file for each resource. The first describes those that follow. */
export const apiResources: readonly ApiResource[] = [
  openApi,
  roots,
  versions,
  summaries,
  rusages,
  selfProcStats,
  systemProcStats,
  meminfos,
  authors,
  features,
  tests,
  vhosts,
  streams,
  clients,
  raw,
  clusters,
  metrics,
];

/** What the port of the HTTP server serves of it where the API has a port of its own; as SRS. */
export const httpServerResources: readonly ApiResource[] = [versions];
