import { once } from 'node:events';
import { AddressInfo, connect, createServer, Server, Socket } from 'node:net';

/** Passes connections on to a port of this machine, until so many bytes went by; then it cuts them and calls `then`, once. */
export async function startProxy(target: number, bytes: number, then: () => void) {
  let left = bytes;
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('close', () => (near.destroy(), far.destroy(), sockets.delete(socket))).on('error', () => {});
      socket.on('data', (chunk) => {
        if (left > 0 && (left -= chunk.length) <= 0) {
          for (const each of sockets) each.destroy();
          then();
        }
      });
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
