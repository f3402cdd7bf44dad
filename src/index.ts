/** Millrace as a library: see docs/library.md. */

export { ConfigError } from './config/config-error.ts';
export { configFromObject } from './config/from-object.ts';
export { type LoadedConfig, type LoadOptions, loadConfig } from './config/load.ts';
export type { ConfigInput, Endpoint, MillraceConfig } from './config/millrace-config.ts';
export type { ErrorCode, ErrorInfo } from './errors/codes.ts';
export { errorTable } from './errors/codes.ts';
export { ServerError } from './errors/server-error.ts';
export type { ListenerPurpose, OpenListener, PlannedListener } from './listeners.ts';
export type { LogLevel } from './log/level.ts';
export type { LogSink } from './log/sink.ts';
export type { EngineStats } from './native/boundary/figures.ts';
export type { StreamTracks } from './native/boundary/stream.ts';
export type { Hook, HookRequest, Hooks } from './protocols/hooks.ts';
export type { ConfigChange } from './reload/config-changes.ts';
export type { ConfigReloader, ReloadReport, ReloadState } from './reload/config-reloader.ts';
export type { ReloadPlan, TouchedSessions } from './reload/reload-plan.ts';
export { type CloseOptions, createServer, type Server, type ServerOptions } from './server.ts';
export type { ServerEvents, StreamEvent } from './server-events.ts';
