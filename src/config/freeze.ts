/** Freezes plain objects and arrays all the way down. Values of a map too, but not the map itself. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) {
    return value;
  }
  const inner = value instanceof Map ? value.values() : Object.values(value);
  for (const one of inner) {
    deepFreeze(one);
  }
  return Object.freeze(value);
}
