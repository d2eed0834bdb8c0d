import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvocationError } from '../../../src/programs/supervisor/failure';
import { findWork, removeLeftovers, WorkFolder } from '../../../src/programs/supervisor/work-folder';
import { temporaryFolder } from './temporary';

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);

describe('where files are worked on', () => {
  test("the pod's volume, if it is there", () => {
    mkdirSync(at('volume'));
    mkdirSync(at('tmp'));
    expect(findWork([at('volume'), at('tmp')])).toBe(at('volume'));
  });

  test('else the folder for temporary files', () => {
    mkdirSync(at('tmp'));
    expect(findWork([at('volume'), at('tmp')])).toBe(at('tmp'));
    expect(readdirSync(folder.path)).toEqual(['tmp']);
  });

  test('which is made, in an image that has none', () => {
    expect(findWork([at('volume'), at('var/tmp')])).toBe(at('var/tmp'));
    expect(statSync(at('var/tmp')).isDirectory()).toBe(true);
  });

  test('files are no folders', () => {
    writeFileSync(at('volume'), '');
    mkdirSync(at('tmp'));
    expect(findWork([at('volume'), at('tmp')])).toBe(at('tmp'));
  });

  test('neither: what to do', () => {
    writeFileSync(at('file'), '');
    const find = () => findWork(['/proc/volume', at('file/tmp')]);
    expect(find).toThrow(InvocationError);
    expect(find).toThrow(/neither \/proc\/volume nor .*file\/tmp can be written to\. Fix: mount a volume.*TMPDIR/);
  });
});

test("an invocation's folder is nobody else's, and each run has its own in it", () => {
  const work = new WorkFolder(folder.path);
  expect(statSync(work.path).mode & 0o777).toBe(0o700);
  const [first, second] = [work.run(1), work.run(2)];
  for (const { input, output } of [first, second]) expect([readdirSync(input), readdirSync(output)]).toEqual([[], []]);
  expect(new Set([first.input, first.output, second.input, second.output]).size).toBe(4);
  expect(new WorkFolder(folder.path).path).not.toBe(work.path);
});

test('leftovers that can not be removed are told, and keep no others', async () => {
  // Files of that name are no folders.
  writeFileSync(at('oscar-invocation-0'), '');
  new WorkFolder(folder.path);
  writeFileSync(at('oscar-invocation-zz'), '');
  new WorkFolder(folder.path);
  await expect(removeLeftovers(folder.path)).rejects.toThrow(/ENOTDIR.*oscar-invocation-(0|zz)/);
  expect(readdirSync(folder.path).sort()).toEqual(['oscar-invocation-0', 'oscar-invocation-zz']);
});

test('leftovers of killed invocations go, and nothing else', async () => {
  const { path } = new WorkFolder(folder.path);
  writeFileSync(join(path, 'input'), '');
  new WorkFolder(folder.path);
  writeFileSync(at('theirs'), '');
  await removeLeftovers(folder.path);
  expect(readdirSync(folder.path)).toEqual(['theirs']);
});
