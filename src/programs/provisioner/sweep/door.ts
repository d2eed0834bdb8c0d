import { SWEEP_PATH } from '../../../contract';
import { HttpClient, readText, textBody } from '../../supervisor/storage/http';
import { pauseMs } from '../../supervisor/storage/retry';

export interface DoorAnswer {
  readonly status: number;
  readonly text: string;
  /** How long the manager wants to be left alone (`Retry-After`). */
  readonly pauseMs?: number;
}

/** The manager's door for swept objects. */
export interface Door {
  /** @throws PassingError when there is no answer */
  post(body: string): Promise<DoorAnswer>;
  close(): void;
}

/**
 * @param endpoint `http(s)://host:port`
 * @param token the webhook's, which MinIO shows with its events as well
 */
export function managerDoor(endpoint: string, token: string): Door {
  const http = new HttpClient({ verify: true });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return {
    async post(text) {
      const request = { method: 'POST', origin: endpoint, path: SWEEP_PATH, headers, body: textBody(text) };
      const answer = await http.send(request);
      // Whoever answers may repeat what it was sent, and this is logged.
      const said = (await readText(answer)).replaceAll(token, '***');
      return { status: answer.statusCode ?? 0, text: said, pauseMs: pauseMs(answer.headers['retry-after']) };
    },
    close: () => http.close(),
  };
}
