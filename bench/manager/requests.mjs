// Requests, and when they are sent.
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** So many a second, whether or not those before are answered. @returns milliseconds of each since it was due, and what went wrong */
export async function byTheClock(rate, seconds, send) {
  const times = [];
  const problems = [];
  const count = rate * seconds;
  const began = performance.now() + 100;
  const answers = [];
  for (let index = 0; index < count; index++) {
    const due = began + (index * 1000) / rate;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    const answered = send(index).then(
      ({ status, text }) => {
        times.push(performance.now() - due);
        if (status !== 200 && status !== 201) problems.push(`${status} ${text}`);
      },
      (error) => problems.push(error.message),
    );
    answers.push(answered);
  }
  await Promise.all(answers);
  return { count, seconds: (performance.now() - began) / 1000, times, problems };
}

export const post = ({ body, headers, ...rest }) =>
  send({
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
    ...rest,
  });

export function send({ method, host = '127.0.0.1', port, path, agent, token, body, headers = {} }) {
  return new Promise((done, fail) => {
    const authorization = token ? { authorization: `Bearer ${token}` } : {};
    const options = { host, port, method, path, agent, headers: { ...authorization, ...headers } };
    const sent = request(options, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part)).on('error', fail);
      response.on('end', () => {
        const whole = Buffer.concat(parts);
        const retryAfter = Number(response.headers['retry-after'] ?? 0);
        // Of a large one, only the length is looked at.
        const text = whole.length < 2 ** 19 ? whole.toString() : '';
        done({ status: response.statusCode, retryAfter, bytes: whole.length, text });
      });
    });
    sent.on('error', fail).end(body);
  });
}
