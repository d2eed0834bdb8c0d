import { closeSync, readdirSync, readlinkSync, readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Pipe, Pipes } from '../../../../src/programs/supervisor/script/pipe';

const inodeOf = (pipe: Pipe) => readlinkSync(`/proc/self/fd/${pipe.kept}`);

async function taken(pipes: Pipes): Promise<Pipe> {
  const pipe = await pipes.take();
  if (!pipe) throw new Error('no pipe could be made here');
  return pipe;
}

test('what is written at one end is read at the other, and only that', async () => {
  const pipes = new Pipes();
  const pipe = await taken(pipes);
  const { read, write } = pipe.open();
  writeSync(write, 'one\n');
  closeSync(write);
  const bytes = Buffer.alloc(100);
  expect(bytes.toString('utf8', 0, readSync(read, bytes))).toBe('one\n');
  // Its end comes: nobody else can write, once the shell that made it is gone.
  const rest = new Socket({ fd: read, readable: true, writable: false });
  for await (const more of rest) throw new Error(String(more));
  pipes.giveBack(pipe, false);
});

test('one that is drained is used again, another one is closed', async () => {
  const pipes = new Pipes();
  const first = await taken(pipes);
  const inode = inodeOf(first);
  pipes.giveBack(first, true);
  pipes.prepare();
  const again = await taken(pipes);
  expect(inodeOf(again)).toBe(inode);
  pipes.giveBack(again, false);
  const other = await taken(pipes);
  expect(inodeOf(other)).not.toBe(inode);
  pipes.giveBack(other, false);
});

test('those that are taken at the same time are different, prepared or not', async () => {
  const pipes = new Pipes();
  pipes.prepare();
  pipes.prepare();
  const made = await Promise.all([taken(pipes), taken(pipes), taken(pipes)]);
  expect(new Set(made.map(inodeOf)).size).toBe(3);
  for (const pipe of made) pipes.giveBack(pipe, false);
});

test('nothing stays open', async () => {
  const pipes = new Pipes();
  const pipe = await taken(pipes);
  pipes.giveBack(pipe, false);
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 10; i++) pipes.giveBack(await taken(pipes), false);
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
});
