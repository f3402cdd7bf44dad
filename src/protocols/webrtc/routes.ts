import { isIP } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorTable } from '../../errors/codes.ts';
import { errorCodeFrom, ServerError } from '../../errors/server-error.ts';
import { layersJson, sentLayerJson } from './layers.ts';
import { hostName, type OfferRequest, streamUrlName, whipName } from './offer-request.ts';
import { entityTag, type Peer } from './peers.ts';
import { MAX_SDP_LENGTH } from './sdp/parse.ts';
import type { Signaling } from './signaling.ts';
import { parseFragment, writeFragment } from './trickle.ts';

/** What the routes of WebRTC work with. */
export interface WebrtcRoutesContext {
  readonly signaling: Signaling;
  /** `code`, `server`, `service` and `pid`, with which every JSON answer begins. */
  readonly head: () => Readonly<Record<string, unknown>>;
  /** Told of each refusal, for the log. */
  readonly onRefused: (ip: string, error: unknown) => void;
}

/** Longest request body: an SDP, which JSON may make a little longer. */
const MAX_BODY_BYTES = 2 * MAX_SDP_LENGTH;
/** A client that is refused for what there is too much of had better not come at once again. */
const RETRY_AFTER_S = 5;
const WHIP = '/rtc/v1/whip';
const WHEP = ['/rtc/v1/whep', '/rtc/v1/whip-play'] as const;
const SDP = 'application/sdp';
const TRICKLE = 'application/trickle-ice-sdpfrag';
const JSON_TYPE = 'application/json';
const ACCEPT_PATCH = `${TRICKLE}, ${JSON_TYPE}`;

/** WHIP (RFC 9725), WHEP (draft-ietf-wish-whep), the JSON API of SRS, and the connectivity check. */
export function webrtcRoutes(app: FastifyInstance, context: WebrtcRoutesContext): void {
  app.register((scope, _options, done) => {
    // Clients name all kinds of content types for the same body.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'string', bodyLimit: MAX_BODY_BYTES },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.setErrorHandler((thrown, request, reply) => {
      const error = asRefusal(thrown);
      context.onRefused(request.ip, error);
      return sendProblem(reply, error);
    });
    for (const [paths, action] of [
      [[WHIP], 'publish'],
      [WHEP, 'play'],
    ] as const) {
      for (const path of paths.flatMap((name) => [name, `${name}/`])) {
        addResource(scope, path, action, context);
      }
    }
    for (const action of ['publish', 'play'] as const) {
      for (const path of [`/rtc/v1/${action}`, `/rtc/v1/${action}/`]) {
        scope.post(path, (request, reply) => answerJson(request, reply, action, context));
      }
    }
    for (const path of ['/rtc/v1/connectivity', '/rtc/v1/connectivity/']) {
      scope.get(path, (request) => connectivity(request, context));
    }
    done();
  });
}

/** What fastify refuses before a route sees it is the client's fault, not one of the server. */
function asRefusal(thrown: unknown): unknown {
  const { statusCode = 500 } = thrown as { statusCode?: number };
  if (thrown instanceof ServerError || statusCode < 400 || statusCode >= 500) {
    return thrown;
  }
  const code = statusCode === 413 ? 'HTTP_BODY_TOO_LARGE' : 'HTTP_MALFORMED';
  return new ServerError(code, undefined, { cause: thrown });
}

function addResource(
  scope: FastifyInstance,
  path: string,
  action: 'publish' | 'play',
  context: WebrtcRoutesContext,
): void {
  const { signaling } = context;
  scope.post(path, (request, reply) => answerSdp(request, reply, action, signaling));
  scope.delete(path, (request, reply) => endSession(request, reply, signaling));
  scope.patch(path, (request, reply) => patchSession(request, reply, signaling));
  scope.route({
    method: ['GET', 'PUT'],
    url: path,
    handler: (_, reply) => {
      reply.header('Allow', 'POST, PATCH, DELETE, OPTIONS');
      throw new ServerError('HTTP_METHOD_NOT_ALLOWED', 'send an SDP offer with POST');
    },
  });
}

async function answerSdp(
  request: FastifyRequest,
  reply: FastifyReply,
  action: 'publish' | 'play',
  signaling: Signaling,
): Promise<string> {
  checkContentType(request, reply);
  const text = queryOf(request);
  const query = new URLSearchParams(text);
  const host = hostName(request.headers.host);
  const plays = action === 'play' || query.get('action') === 'play';
  const { peer, id, sdp } = await signaling.offer({
    ...offerFrom(request, query, host),
    action: plays ? 'play' : 'publish',
    sdp: bodyOf(request),
    name: { ...whipName(text, host), ip: clientIp(request) },
  });
  reply
    .code(201)
    .header('Content-Type', SDP)
    .header('Location', locationOf(peer, id))
    .header('ETag', entityTag(peer))
    .header('Accept-Patch', plays ? ACCEPT_PATCH : TRICKLE);
  return sdp;
}

/**
 * RFC 9725 §4.2 wants `application/sdp`; many clients name something else, or what `fetch` makes of a string.
 * @throws ServerError `RTC_CONTENT_TYPE` for what names another type and is none.
 */
function checkContentType(request: FastifyRequest, reply: FastifyReply): void {
  const type = request.headers['content-type'];
  if (type !== undefined && !/\bsdp\b|^text\/plain\b/i.test(type)) {
    if (!bodyOf(request).trimStart().startsWith('v=0')) {
      reply.header('Accept-Post', SDP);
      throw new ServerError('RTC_CONTENT_TYPE', `POST takes ${SDP}`);
    }
  }
}

/** As SRS writes it: the resource of a player is below WHIP too. */
function locationOf({ token, request: { key } }: Peer, id: string): string {
  const query = new URLSearchParams({ action: 'delete', token, app: key.app, stream: key.stream });
  return `${WHIP}/?${query}&session=${encodeURIComponent(id).replaceAll('%3A', ':')}`;
}

function endSession(request: FastifyRequest, reply: FastifyReply, signaling: Signaling): string {
  try {
    signaling.end(peerOf(request, signaling));
  } catch (error) {
    // Whoever ends what has ended already has got what it wanted.
    if (errorCodeFrom(error) !== 'RTC_SESSION_NOT_FOUND') {
      throw error;
    }
  }
  reply.code(200);
  return '';
}

/** Trickled candidates and ICE restarts, RFC 9725 §4.3; or the layer that a player wants. */
function patchSession(request: FastifyRequest, reply: FastifyReply, signaling: Signaling): string {
  const type = request.headers['content-type'];
  if (type?.startsWith(JSON_TYPE)) {
    signaling.chooseLayer(peerOf(request, signaling), jsonObject(bodyOf(request)).layer);
    reply.code(204);
    return '';
  }
  if (!type?.startsWith(TRICKLE)) {
    reply.header('Accept-Patch', ACCEPT_PATCH);
    throw new ServerError('RTC_CONTENT_TYPE', `PATCH takes ${ACCEPT_PATCH}`);
  }
  const peer = peerOf(request, signaling);
  const fragment = parseFragment(bodyOf(request));
  const match = request.headers['if-match'];
  const changes = fragment.ufrag !== '' && fragment.ufrag !== peer.remote.ufrag;
  if (match !== undefined && match !== '*' && match !== entityTag(peer)) {
    throw new ServerError('RTC_ICE_SESSION_CHANGED', `the entity tag is ${entityTag(peer)}`);
  }
  if (!changes) {
    // The server answers checks and begins none, so that it needs no candidate of the peer.
    reply.code(204);
    return '';
  }
  signaling.restart(peer, { ufrag: fragment.ufrag, pwd: fragment.pwd });
  reply.code(200).header('Content-Type', TRICKLE).header('ETag', entityTag(peer));
  return writeFragment(peer.local, peer.mid, peer.candidates);
}

/** SRS's own API: whatever goes wrong is HTTP 200 with `code` 400. */
async function answerJson(
  request: FastifyRequest,
  reply: FastifyReply,
  action: 'publish' | 'play',
  { signaling, head, onRefused }: WebrtcRoutesContext,
): Promise<object> {
  reply.header('Content-Type', 'application/json');
  try {
    const { sdp, streamurl } = jsonOffer(bodyOf(request));
    const query = new URLSearchParams(queryOf(request));
    const host = hostName(request.headers.host);
    const answered = await signaling.offer({
      ...offerFrom(request, query, host),
      action,
      sdp,
      name: { ...streamUrlName(streamurl, action), ip: clientIp(request) },
    });
    return { ...head(), sdp: answered.sdp, sessionid: answered.id };
  } catch (error) {
    onRefused(request.ip, error);
    const { number, message } = problemOf(error);
    return { code: 400, number, message };
  }
}

/** Fields that bodies may have, of whatever kind. */
type JsonFields = Readonly<Partial<Record<'sdp' | 'streamurl' | 'layer', unknown>>>;

/** The fields of a body; none when it is JSON but no object. */
function jsonObject(body: string): JsonFields {
  try {
    return (JSON.parse(body) ?? {}) as JsonFields;
  } catch (cause) {
    throw new ServerError('RTC_REQUEST_INVALID', 'the body is not JSON', { cause });
  }
}

function jsonOffer(body: string): { readonly sdp: string; readonly streamurl: string } {
  const { sdp, streamurl } = jsonObject(body);
  if (typeof sdp !== 'string' || typeof streamurl !== 'string') {
    throw new ServerError('RTC_REQUEST_INVALID', 'sdp and streamurl are strings');
  }
  return { sdp, streamurl };
}

/** Why media flows, or does not, for whoever has the token of the session. */
function connectivity(
  request: FastifyRequest,
  { signaling, head }: WebrtcRoutesContext,
): Readonly<Record<string, unknown>> {
  const { id, token } = resourceOf(request);
  const ended = signaling.explainEnded(id, token);
  if (ended !== undefined) {
    return { ...head(), data: { connected: false, ended: true, message: ended } };
  }
  const peer = signaling.find(id, token);
  const { connected, trouble, candidates } = peer;
  return {
    ...head(),
    data: {
      ended: false,
      connected: connected !== undefined,
      message: signaling.explain(peer),
      candidates,
      peer: connected?.candidate ?? trouble?.from ?? '',
      checks: trouble?.checks ?? 0,
      bad_integrity: trouble?.bad_integrity ?? 0,
      dtls: connected ? 'connected' : (trouble?.dtls ?? 'waiting'),
      layers: layersJson(signaling.layersFor(peer)),
      ...(peer.sentLayer ? { sent: sentLayerJson(peer.sentLayer) } : {}),
    },
  };
}

function peerOf(request: FastifyRequest, signaling: Signaling): Peer {
  const { id, token } = resourceOf(request);
  return signaling.find(id, token);
}

/** What the URL of a session names. @throws ServerError `RTC_REQUEST_INVALID` without a token. */
function resourceOf(request: FastifyRequest): { readonly id: string; readonly token: string } {
  const query = new URLSearchParams(queryOf(request));
  const token = query.get('token');
  if (!token) {
    throw new ServerError('RTC_REQUEST_INVALID', 'the token of the session is missing');
  }
  return { id: query.get('session') ?? '', token };
}

function offerFrom(
  request: FastifyRequest,
  query: URLSearchParams,
  host: string,
): Pick<OfferRequest, 'query' | 'host' | 'peerIp'> {
  return { query, host, peerIp: request.ip };
}

function queryOf({ url }: FastifyRequest): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}

function bodyOf({ body }: FastifyRequest): string {
  return typeof body === 'string' ? body : '';
}

/** The client's address as a proxy before the server tells it. */
function clientIp({ headers, ip }: FastifyRequest): string {
  const first = (value: string | string[] | undefined): string =>
    String(value ?? '')
      .split(',', 1)[0]
      ?.trim() ?? '';
  return (
    [first(headers['x-forwarded-for']), first(headers['x-real-ip'])].find((a) => isIP(a)) ?? ip
  );
}

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly number: number;
  readonly message: string;
  readonly hint: string;
}

function problemOf(error: unknown): Problem {
  const code = errorCodeFrom(error);
  const { http, number, text, hint } = errorTable[code];
  // Errors of the HTTP framework have a status of their own (a body that is too long).
  const status = (error as { statusCode?: unknown }).statusCode;
  if (code === 'INTERNAL' && typeof status === 'number' && status < 500) {
    return { status, code: 'HTTP', number: status, message: (error as Error).message, hint: '' };
  }
  const said = error instanceof ServerError && error.message !== text ? `: ${error.message}` : '';
  return { status: http, code, number, message: `${text}${said}`, hint };
}

/** RFC 9457; `code` and `number` are those of the error table. */
function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const { status, code, number, message, hint } = problemOf(error);
  if (status === 429 || status === 503) {
    reply.header('Retry-After', RETRY_AFTER_S);
  }
  return reply
    .code(status)
    .header('Content-Type', 'application/problem+json')
    .send(Buffer.from(JSON.stringify({ title: message, status, code, number, detail: hint })));
}
