import { type Endpoint, formatEndpoint } from '../endpoint.ts';
import {
  ACCESS_RULES,
  type AccessRule,
  ENDPOINTS,
  type Kind,
  SECONDS,
  WHOLE_SECONDS,
} from './kinds.ts';

/** A number as a file writes it: what is kept in milliseconds may be written in seconds. */
export function inFileUnit(kind: Kind<unknown>, value: number): number {
  return kind === SECONDS || kind === WHOLE_SECONDS ? value / 1000 : value;
}

/**
 * A value of the typed configuration as it would stand in a file: one text for each directive that it
 * takes to write it. None for undefined and for an empty list.
 */
export function valueTexts(kind: Kind<unknown>, value: unknown): readonly string[] {
  if (value === undefined) {
    return [];
  }
  if (typeof value === 'boolean') {
    return [value ? 'on' : 'off'];
  }
  if (typeof value === 'number') {
    return [String(inFileUnit(kind, value))];
  }
  if (typeof value === 'string') {
    return [word(value)];
  }
  const list = value as readonly unknown[];
  if (list.length === 0) {
    return [];
  }
  if (kind === ENDPOINTS) {
    return [list.map((one) => formatEndpoint(one as Endpoint)).join(' ')];
  }
  if (kind === ACCESS_RULES) {
    return list.map((one) => `${(one as AccessRule).action} ${(one as AccessRule).from}`);
  }
  if (typeof list[0] === 'object' && !Array.isArray(list[0])) {
    // Keys and users: what they hold is nobody's business, and a file writes it in its own way.
    return [`${list.length} ${list.length === 1 ? 'entry' : 'entries'}`];
  }
  return Array.isArray(list[0])
    ? list.map((words) => (words as readonly string[]).map(word).join(' '))
    : [list.map((one) => word(String(one))).join(' ')];
}

/** Quoted where the grammar needs it; it has no escape, so that a word holds one kind of quote at most. */
function word(text: string): string {
  if (text !== '' && !/[\s;{}"'#]/.test(text)) {
    return text;
  }
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}
