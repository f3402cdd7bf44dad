import { Exchange, watchConnection } from './exchange.js';
import { connectForm, endpointFrom, fillForm, linkOther, show } from './page.js';
import { Statistics } from './statistics.js';

const field = (id) => document.getElementById(id);

field('url').value = endpointFrom(location, 'whep');
const autostart = fillForm([]);
linkOther('whip.html');
const begin = connectForm(play);
if (autostart) {
  // Browsers begin without a click only what is silent.
  field('video').muted = true;
  // A video without a picture yet holds up the end of the page's loading.
  window.addEventListener('load', begin);
}

async function play() {
  const connection = new RTCPeerConnection();
  connection.addTransceiver('audio', { direction: 'recvonly' });
  connection.addTransceiver('video', { direction: 'recvonly' });
  const stream = new MediaStream();
  connection.addEventListener('track', ({ track }) => stream.addTrack(track));
  field('video').srcObject = stream;
  const exchange = new Exchange(field('url').value, connection);
  try {
    await exchange.open(withStereo);
  } catch (error) {
    connection.close();
    throw error;
  }
  const stopWaiting = sayWhenItPlays();
  const stopWatching = watchConnection(exchange, show, 'Connected, waiting for the stream.');
  const statistics = new Statistics(connection, field('statistics'));
  return () => {
    stopWaiting();
    stopWatching();
    statistics.stop();
    exchange.close();
    field('video').srcObject = null;
  };
}

/** Chromium plays Opus in one channel unless its own offer says otherwise. */
function withStereo(sdp) {
  const payloadType = /a=rtpmap:(\d+) opus\//i.exec(sdp)?.[1];
  return payloadType === undefined
    ? sdp
    : sdp.replace(new RegExp(`(a=fmtp:${payloadType} [^\\r\\n]*)`), '$1;stereo=1');
}

function sayWhenItPlays() {
  const video = field('video');
  const playing = () => show('good', 'Playing.');
  video.addEventListener('playing', playing);
  return () => video.removeEventListener('playing', playing);
}
