/** One row of schema/errors.json. */
export interface ErrorRow {
  code: string;
  number: number;
  scope: string;
  http: number;
  text: string;
  hint: string;
}

/** Reads and checks the table, in the order of its numbers. */
export function readErrorTable(path?: string): ErrorRow[];

/** Path, relative to the root, and content of each generated file. */
export function generateErrorFiles(rows?: ErrorRow[]): { path: string; content: string }[];
