import { field } from './page.js';

const LOOK_EVERY_MS = 2000;

/**
 * Lets the viewer choose a layer of simulcast while the stream has more than one.
 * @param {import('./exchange.js').Exchange} exchange
 * @returns {() => void} ends it.
 */
export function offerLayers(exchange) {
  const select = field('layer');
  const choose = () => exchange.chooseLayer(select.value).catch(() => {});
  const look = async () => {
    const { layers = [], sent } = (await exchange.describe()) ?? {};
    showLayers(select, layers, sent);
  };
  const timer = setInterval(() => look().catch(() => {}), LOOK_EVERY_MS);
  select.addEventListener('change', choose);
  return () => {
    clearInterval(timer);
    select.removeEventListener('change', choose);
    showLayers(select, []);
    select.value = '';
  };
}

/** The choice stays where it is; what is sent at present is marked. */
function showLayers(select, layers, sent) {
  const chosen = select.value;
  const rates = [...layers].sort((a, b) => b.kbps - a.kbps);
  select.replaceChildren(
    new Option('best that fits', ''),
    ...rates.map(({ rid, kbps }) => {
      const rate = kbps === 0 ? 'paused' : `${kbps} kb/s`;
      return new Option(`${rid}, ${rate}${rid === sent?.layer ? ', now' : ''}`, rid);
    }),
  );
  select.value = rates.some(({ rid }) => rid === chosen) ? chosen : '';
  select.parentElement.hidden = rates.length < 2;
}
