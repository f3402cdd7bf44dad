import { ServerError } from '../../errors/server-error.ts';
import { randomId } from '../../identity/random-id.ts';

/** ICE user fragment and password, RFC 8839 §5.4. */
export interface IceCredentials {
  readonly ufrag: string;
  readonly pwd: string;
}

/** SRS's lengths. 36^8 fragments and 36^32 passwords: the first cannot be met by chance, the second not guessed. */
const UFRAG_LENGTH = 8;
const PWD_LENGTH = 32;
const MAX_OWN_LENGTH = 32;
/** RFC 8839 §5.4: at most 256 characters. */
const MAX_PEER_LENGTH = 256;

/**
 * The server's own credentials: what the query asks for (`ice-ufrag`, `ice-pwd`), else random ones.
 * @throws ServerError `ICE_CREDENTIAL_INVALID`.
 */
export function localCredentials(wanted: Partial<IceCredentials> = {}): IceCredentials {
  const { ufrag, pwd } = wanted;
  if (ufrag !== undefined && !isIceText(ufrag, 4, MAX_OWN_LENGTH)) {
    throw new ServerError('ICE_CREDENTIAL_INVALID', 'ice-ufrag');
  }
  if (pwd !== undefined && !isIceText(pwd, 22, MAX_OWN_LENGTH)) {
    throw new ServerError('ICE_CREDENTIAL_INVALID', 'ice-pwd');
  }
  return { ufrag: ufrag ?? randomId(UFRAG_LENGTH), pwd: pwd ?? randomId(PWD_LENGTH) };
}

/** Whether a peer's credentials are such as RFC 8839 allows. */
export function areCredentials({ ufrag, pwd }: IceCredentials): boolean {
  return isIceText(ufrag, 4, MAX_PEER_LENGTH) && isIceText(pwd, 22, MAX_PEER_LENGTH);
}

/** ice-char; `-`, `_` and `=` are beyond the grammar, but some peers use them. */
function isIceText(text: string, shortest: number, longest: number): boolean {
  return text.length >= shortest && text.length <= longest && /^[\w+/=-]+$/.test(text);
}
