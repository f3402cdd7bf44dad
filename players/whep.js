import { offerLayers } from './layers.js';
import { field, show } from './page.js';
import { preferRedundancy, runPage } from './session.js';

runPage({
  endpoint: 'whep',
  other: 'whip.html',
  fields: ['red'],
  running: 'Connected, waiting for the stream.',
  beforeAutostart: () => {
    // Browsers begin without a click only what is silent.
    field('video').muted = true;
  },
  prepare: async () => {
    const video = field('video');
    const stream = new MediaStream();
    const playing = () => show('good', 'Playing.');
    video.addEventListener('playing', playing);
    return {
      attach: (connection) => {
        const audio = connection.addTransceiver('audio', { direction: 'recvonly' });
        if (field('red').checked) {
          preferRedundancy(audio);
        }
        connection.addTransceiver('video', { direction: 'recvonly' });
        connection.addEventListener('track', ({ track }) => stream.addTrack(track));
        video.srcObject = stream;
      },
      edit: withStereo,
      accompany: offerLayers,
      flows: () => video.currentTime > 0,
      close: () => video.removeEventListener('playing', playing),
    };
  },
});

/** Chromium plays Opus in one channel unless its own offer says otherwise. */
function withStereo(sdp) {
  const payloadType = /a=rtpmap:(\d+) opus\//i.exec(sdp)?.[1];
  return payloadType === undefined
    ? sdp
    : sdp.replace(new RegExp(`(a=fmtp:${payloadType} [^\\r\\n]*)`), '$1;stereo=1');
}
