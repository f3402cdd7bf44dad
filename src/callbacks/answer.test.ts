import { describe, expect, it } from 'vitest';
import { ServerError } from '../errors/server-error.ts';
import { checkAnswer, isWorthAnotherTry } from './answer.ts';

describe('an answer that agrees', () => {
  it.each([
    [200, '0'],
    [201, '0'],
    [200, ' 0\r\n'],
    [200, '{"code":0}'],
    [200, '{"code":0,"data":{"urls":[]}}'],
  ])('%s %s', (status, body) => {
    expect(() => checkAnswer({ status, body })).not.toThrow();
  });
});

describe('an answer that does not', () => {
  it.each([
    [200, '', 'CALLBACK_ANSWER_INVALID', 0],
    [200, 'ok', 'CALLBACK_ANSWER_INVALID', 0],
    [200, '<html>0</html>', 'CALLBACK_ANSWER_INVALID', 0],
    [200, '1', 'CALLBACK_CODE', 1],
    [200, '"0"', 'CALLBACK_CODE', 0],
    [200, 'null', 'CALLBACK_CODE', 0],
    [200, '[]', 'CALLBACK_CODE', 0],
    [200, '{}', 'CALLBACK_CODE', 0],
    [200, '{"code":"0"}', 'CALLBACK_CODE', 0],
    [200, '{"code":403,"msg":"no"}', 'CALLBACK_CODE', 403],
    [204, '0', 'CALLBACK_STATUS', 204],
    [302, '0', 'CALLBACK_STATUS', 302],
    [500, '0', 'CALLBACK_STATUS', 500],
  ])('%s %s is %s', (status, body, code, detail) => {
    expect(() => checkAnswer({ status, body })).toThrow(
      expect.objectContaining({ code, detail }) as Error,
    );
  });
});

describe('another try', () => {
  it.each([
    [new ServerError('CALLBACK_UNREACHABLE'), true],
    [new ServerError('CALLBACK_TIMEOUT'), true],
    [new ServerError('CALLBACK_STATUS', '', { detail: 503 }), true],
    [new ServerError('CALLBACK_STATUS', '', { detail: 500 }), false],
    [new ServerError('CALLBACK_STATUS', '', { detail: 404 }), false],
    [new ServerError('CALLBACK_CODE'), false],
    [new ServerError('CALLBACK_ANSWER_INVALID'), false],
    [new TypeError('a fault of ours'), false],
  ])('after %s: %s', (error, expected) => {
    expect(isWorthAnotherTry(error)).toBe(expected);
  });
});
