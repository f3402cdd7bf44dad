import type { AdmissionRequest } from '../protocols/admission.ts';

/** What a peer says to be let in, in the one place of all protocols that it said it. */
export type GivenCredentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'user'; readonly name: string; readonly password: string }
  | { readonly kind: 'none' };

/**
 * Finds a token or user: in the header `Authorization` (`Bearer` or `Basic`), else in the query of the
 * stream, as `token`, or as `user` and `pass`.
 * @param tokenParam  name of the parameter that holds tokens.
 */
export function givenCredentials(
  { authorization, param }: Pick<AdmissionRequest, 'authorization' | 'param'>,
  tokenParam: string,
): GivenCredentials {
  return fromHeader(authorization) ?? fromQuery(param, tokenParam);
}

function fromHeader(authorization: string): GivenCredentials | undefined {
  const [scheme = '', value = ''] = authorization.trim().split(/\s+/);
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return { kind: 'token', token: value };
    case 'basic': {
      const text = Buffer.from(value, 'base64').toString();
      const colon = text.indexOf(':');
      return colon < 0
        ? undefined
        : { kind: 'user', name: text.slice(0, colon), password: text.slice(colon + 1) };
    }
    default:
      return undefined;
  }
}

function fromQuery(param: string, tokenParam: string): GivenCredentials {
  const values = queryValues(param);
  const token = values.get(tokenParam);
  if (token !== undefined && token !== '') {
    return { kind: 'token', token };
  }
  const name = values.get('user');
  return name === undefined
    ? { kind: 'none' }
    : { kind: 'user', name, password: values.get('pass') ?? '' };
}

/** The first value of each parameter. Encoders put `;` and `,` between them too. */
function queryValues(param: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const pair of param.replace(/^\?/, '').split(/[&;,]/)) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (!values.has(name)) {
      values.set(name, decoded(equals < 0 ? '' : pair.slice(equals + 1)));
    }
  }
  return values;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // no percent-encoding: as it stands
  }
}
