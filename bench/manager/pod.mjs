// A warm pod, as far as a call of it goes: it reads all that it is sent, and gives it back.
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { answer } from './program.mjs';

const echo = async (request, response) => {
  const body = await buffer(request);
  response.writeHead(200, { 'x-invocation-id': 'b'.repeat(16), 'content-length': body.length }).end(body);
};
const server = createServer()
  .on('request', echo)
  .on('checkContinue', (request, response) => {
    response.writeContinue();
    void echo(request, response);
  })
  .listen(0, '127.0.0.1');
answer({ port: () => server.address().port });
