// Generates every form of the error table from schema/errors.json: the C++ enum, the TypeScript union and the docs page.
// `node scripts/generate-errors.mjs` writes the files; with --check it writes nothing and fails when one would change.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What an error costs, mildest first, with the sentence that the docs page and the C++ header say about it. */
const scopes = {
  packet: 'the packet or frame is dropped and counted; the session goes on',
  session: 'the session of that peer is closed',
  stream: 'publishing of that stream ends',
  process: 'the server does not start, or a reload is not carried out',
};

const fields = ['code', 'number', 'scope', 'http', 'text', 'hint'];

/** Reads and checks the table. Throws an Error that names the first row at fault. */
export function readErrorTable(path = join(root, 'schema/errors.json')) {
  const rows = JSON.parse(readFileSync(path, 'utf8'));
  const codes = new Set();
  const numbers = new Set();
  for (const row of rows) {
    const fail = (why) => {
      throw new Error(`schema/errors.json: ${JSON.stringify(row.code)}: ${why}`);
    };
    if (Object.keys(row).join() !== fields.join()) fail(`fields must be ${fields.join(', ')}`);
    if (!/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(row.code)) fail('code must be UPPER_SNAKE_CASE');
    if (!Number.isInteger(row.number) || row.number < 1000 || row.number > 9999) {
      fail('number must be from 1000 to 9999');
    }
    if (!Object.hasOwn(scopes, row.scope)) fail(`scope must be one of ${Object.keys(scopes)}`);
    if (!Number.isInteger(row.http) || row.http < 400 || row.http > 599) {
      fail('http must be a status from 400 to 599');
    }
    for (const name of ['text', 'hint']) {
      // Both go into a C++ string literal, a table cell and log lines as they are.
      if (!/^[ -~]+$/.test(row[name]) || /["\\|]/.test(row[name])) {
        fail(`${name} must be plain ASCII without quotes, backslashes or bars`);
      }
    }
    if (codes.has(row.code)) fail('code is there twice');
    if (numbers.has(row.number)) fail(`number ${row.number} is there twice`);
    codes.add(row.code);
    numbers.add(row.number);
  }
  return rows.sort((a, b) => a.number - b.number);
}

/** RTMP_MESSAGE_TOO_LARGE -> kRtmpMessageTooLarge */
function enumerator(code) {
  const words = code.toLowerCase().split('_');
  return `k${words.map((word) => word[0].toUpperCase() + word.slice(1)).join('')}`;
}

function cppHeader(rows) {
  return `// Generated from schema/errors.json by scripts/generate-errors.mjs. Do not edit.
// clang-format off
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace millrace {

/// What went wrong. The value is the number of the error table; numbers are never reused.
enum class ErrorCode : uint16_t {
  kNone = 0,  ///< no error, where a field must hold something: a session that ended as it should
${rows.map((row) => `  ${enumerator(row.code)} = ${row.number},  ///< ${row.text}`).join('\n')}
};

/// What an error costs.
enum class ErrorScope : uint8_t {
${Object.entries(scopes)
  .map(([name, text]) => `  ${enumerator(name)},  ///< ${text}`)
  .join('\n')}
};

/// One row of the error table. The strings are literals and live for ever.
struct ErrorInfo {
  ErrorCode code;
  ErrorScope scope;
  uint16_t http_status;
  std::string_view name;
  std::string_view text;
};

/// The error table in the order of its numbers.
inline constexpr std::array<ErrorInfo, ${rows.length + 1}> kErrorTable = {{
  {ErrorCode::kNone, ErrorScope::kPacket, 200, "NONE", "no error"},
${rows
  .map(
    (row) =>
      `  {ErrorCode::${enumerator(row.code)}, ErrorScope::${enumerator(row.scope)}, ${row.http}, ` +
      `"${row.code}", "${row.text}"},`,
  )
  .join('\n')}
}};

/// @return the row of \`code\`; that of kNone for a value that is not in the table.
[[nodiscard]] constexpr const ErrorInfo& error_info(ErrorCode code) {
  const auto row = std::lower_bound(
      kErrorTable.begin(), kErrorTable.end(), code,
      [](const ErrorInfo& info, ErrorCode wanted) { return info.code < wanted; });
  return row != kErrorTable.end() && row->code == code ? *row : kErrorTable.front();
}

}  // namespace millrace
`;
}

function tsModule(rows) {
  const quote = (text) => (text.includes("'") ? `"${text}"` : `'${text}'`);
  return `// Generated from schema/errors.json by scripts/generate-errors.mjs. Do not edit.

/** What an error costs: the packet, the session of one peer, the stream, or the start of the process. */
export type ErrorScope = ${Object.keys(scopes)
    .map((name) => `'${name}'`)
    .join(' | ')};

/** One row of the error table. */
export interface ErrorInfo {
  /** The promise to programs, together with the code; never reused. */
  readonly number: number;
  readonly scope: ErrorScope;
  /** Status of an HTTP answer that carries this error. */
  readonly http: number;
  readonly text: string;
  /** What an operator can do about it. */
  readonly hint: string;
}

/** The error table, in the order of its numbers. */
export const errorTable = {
${rows
  .map(
    (row) =>
      `  ${row.code}: { number: ${row.number}, scope: '${row.scope}', http: ${row.http}, ` +
      `text: ${quote(row.text)}, hint: ${quote(row.hint)} },`,
  )
  .join('\n')}
} as const satisfies Record<string, ErrorInfo>;

/** Names of all errors. */
export type ErrorCode = keyof typeof errorTable;

const codesByNumber: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.keys(errorTable) as ErrorCode[]).map((code) => [errorTable[code].number, code]),
);

/** @return the name of an error number as the addon reports it; undefined for 0 and for unknown ones. */
export function errorCodeOf(number: number): ErrorCode | undefined {
  return codesByNumber.get(number);
}
`;
}

function docsPage(rows) {
  return `# Errors

<!-- Generated from schema/errors.json by scripts/generate-errors.mjs. Do not edit. -->

Every error has a code, which is the promise to programs, and a number, which is never reused. The library throws
the code, the log names the number, and a refused HTTP request is answered with the status given here.

The scope says what an error costs:

${Object.entries(scopes)
  .map(([name, text]) => `- \`${name}\`: ${text}.`)
  .join('\n')}

| number | code | scope | HTTP | meaning | what to do |
| --- | --- | --- | --- | --- | --- |
${rows
  .map(
    (row) =>
      `| ${row.number} | \`${row.code}\` | ${row.scope} | ${row.http} | ${row.text} | ${row.hint} |`,
  )
  .join('\n')}
`;
}

/** @return path, relative to the root, and content of each generated file. */
export function generateErrorFiles(rows = readErrorTable()) {
  return [
    { path: 'native/base/error_codes.hpp', content: cppHeader(rows) },
    { path: 'src/errors/codes.ts', content: tsModule(rows) },
    { path: 'docs/errors.md', content: docsPage(rows) },
  ];
}

function current(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const stale = generateErrorFiles().filter(
    (file) => current(join(root, file.path)) !== file.content,
  );
  if (process.argv.includes('--check')) {
    for (const file of stale) process.stderr.write(`${file.path} is stale: npm run generate\n`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    // Untouched files keep their time, so that nothing is compiled again for them.
    for (const file of stale) writeFileSync(join(root, file.path), file.content);
  }
}
