import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './api-context.ts';
import { versions } from './versions.ts';

/** Adds the routes of one resource. */
export type ApiResource = (app: FastifyInstance, context: ApiContext) => void;

/** The only list of resources of the HTTP API: one file each. */
export const apiResources: readonly ApiResource[] = [versions];
