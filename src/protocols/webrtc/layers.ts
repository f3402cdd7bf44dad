import type { WebrtcLayer, WebrtcSentLayer } from '../../native/boundary/webrtc.ts';

/** Of a layer, RFC 8852; or `low`, `high`; or nothing, for the best that fits. */
const WISH = /^[\w-]{0,255}$/;

/** Whether a player may ask for it: what its publisher sends may change at any time. */
export function isLayerWish(layer: unknown): layer is string {
  return typeof layer === 'string' && WISH.test(layer);
}

export function layersJson(layers: readonly WebrtcLayer[]) {
  return layers.map(({ rid, bitrate_bps }) => ({ rid, kbps: Math.round(bitrate_bps / 1000) }));
}

export function sentLayerJson({ layer, video, wanted }: WebrtcSentLayer) {
  return { layer, video, wanted };
}
