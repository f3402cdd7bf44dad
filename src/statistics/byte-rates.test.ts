import { describe, expect, it } from 'vitest';
import { ByteRates } from './byte-rates.ts';

/** A megabit a second. */
const PER_SECOND = 125_000;

function ratesAfter(seconds: number, startMs = 5000, bytesAt = (s: number) => s * PER_SECOND) {
  const rates = new ByteRates(startMs);
  for (let second = 1; second <= seconds; second += 1) {
    rates.note(startMs + second * 1000, bytesAt(second), 2 * bytesAt(second));
  }
  return rates;
}

describe('bitrates', () => {
  it('are nothing before there is a report', () => {
    expect(ratesAfter(0).average).toEqual({ received: 0, sent: 0 });
    expect(ratesAfter(0).now).toEqual({ received: 0, sent: 0 });
  });

  it.each([1, 2, 3, 4, 29, 30, 31, 33, 34, 60, 1000])('are right after %i s', (seconds) => {
    expect(ratesAfter(seconds).average).toEqual({ received: 1000, sent: 2000 });
    expect(ratesAfter(seconds).now).toEqual({ received: 1000, sent: 2000 });
  });

  it('of a session that began between two reports count the time since then', () => {
    const rates = new ByteRates(5750);
    rates.note(6000, PER_SECOND / 4, 0);
    expect(rates.average).toEqual({ received: 1000, sent: 0 });
  });

  it('forget what is older than 30 s', () => {
    const rates = ratesAfter(100, 0, (second) => Math.min(second, 60) * PER_SECOND);
    expect(rates.average).toEqual({ received: 0, sent: 0 });
    const during = ratesAfter(75, 0, (second) => Math.min(second, 60) * PER_SECOND);
    expect(during.average.received).toBeGreaterThan(400);
    expect(during.average.received).toBeLessThan(600);
    expect(during.now).toEqual({ received: 0, sent: 0 });
  });

  it('pass over reports that are not newer', () => {
    const rates = ratesAfter(2);
    rates.note(7000, 0, 0);
    rates.note(0, 0, 0);
    expect(rates.average).toEqual({ received: 1000, sent: 2000 });
  });
});
