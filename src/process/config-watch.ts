import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Wait after a change: editors and deployments write in several steps. */
const SETTLE_MS = 250;
/** What Kubernetes exchanges when a mounted ConfigMap changes; the files are links through it. */
const CONFIG_MAP_LINK = '..data';

/**
 * Calls back when one of some files has changed. It is their folders that are watched, because most
 * programs replace a file instead of writing into it.
 */
export class ConfigWatch {
  readonly #onChange: () => void;
  readonly #onFault: (folder: string, error: unknown) => void;
  #names: ReadonlySet<string> = new Set();
  readonly #watchers = new Map<string, FSWatcher>();
  #settling: NodeJS.Timeout | undefined;

  /** @param onFault  told of a folder that cannot be watched (any more). */
  constructor(onChange: () => void, onFault: (folder: string, error: unknown) => void) {
    this.#onChange = onChange;
    this.#onFault = onFault;
  }

  /** Watches these files and no others. @param files  whole paths. */
  watch(files: readonly string[]): void {
    this.#names = new Set([CONFIG_MAP_LINK, ...files.map((file) => basename(file))]);
    const folders = new Set(files.map((file) => dirname(file)));
    for (const folder of this.#watchers.keys()) {
      if (!folders.has(folder)) {
        this.#forget(folder);
      }
    }
    for (const folder of folders) {
      if (!this.#watchers.has(folder)) {
        this.#begin(folder);
      }
    }
  }

  close(): void {
    clearTimeout(this.#settling);
    for (const folder of [...this.#watchers.keys()]) {
      this.#forget(folder);
    }
  }

  #begin(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || this.#names.has(name)) {
          this.#settle();
        }
      });
      watcher.on('error', (error) => {
        this.#forget(folder);
        this.#onFault(folder, error);
      });
      this.#watchers.set(folder, watcher);
    } catch (error) {
      this.#onFault(folder, error);
    }
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#onChange(), SETTLE_MS).unref();
  }
}
