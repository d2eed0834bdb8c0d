import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mc } from '../../../../src/programs/provisioner/users';

const KEYS = { accessKey: 'root', secretKey: 'root/secret+%' };
const DECLARED = { endpoint: 'http://oscar-minio.oscar.svc:9000', verify: true };

let folder: string;
let logged: string[];
let waits: number[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oscar-mc-'));
  logged = [];
  waits = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A client that is a script, in the test's folder. */
function client(script: string, declared = DECLARED, keys = KEYS): Mc {
  const program = join(folder, 'mc');
  writeFileSync(program, `#!/bin/sh\ncd ${folder}\n${script}\n`);
  chmodSync(program, 0o755);
  const log = (level: string, message: string) => void logged.push(`${level}: ${message}`);
  return new Mc(declared, keys, log, { program, wait: async (ms) => void waits.push(ms) });
}
const left = (file: string) => readFileSync(join(folder, file), 'utf8');
const failure = (code: string, message = 'No.') =>
  `echo '${JSON.stringify({ status: 'error', error: { message: 'Unable', cause: { message, error: { Code: code } } } })}'; exit 1`;

describe('MinIO’s client', () => {
  test('has the root keys in its environment only, and the input on its stdin', async () => {
    const mc = client('echo "$@" >args; echo "$MC_HOST_store" >host; cat >input; echo \'{"a":1}\'; echo \'{"b":2}\'');
    const input = { text: 'oscar.cow\nsecret of cow\n', secret: 'secret of cow' };
    expect(await mc.run(['admin', 'user', 'add', 'store'], input)).toEqual([{ a: 1 }, { b: 2 }]);
    expect(left('args')).toBe('--json admin user add store\n');
    expect(left('host')).toBe('http://root:root/secret+%@oscar-minio.oscar.svc:9000\n');
    expect(left('input')).toBe(input.text);
  });

  test('is told not to judge certificates where that is declared', async () => {
    await client('echo "$@" >args', { endpoint: 'https://store', verify: false }).run(['quota', 'info', 'store/in']);
    expect(left('args')).toBe('--json --insecure quota info store/in\n');
  });

  test('gets a file, which is gone afterwards, also when it fails', async () => {
    await client('cp "$3" content; echo "$3" >name').runWithFile(['create'], '{"policy":1}');
    expect(left('content')).toBe('{"policy":1}');
    expect(existsSync(left('name').trim())).toBe(false);
    await expect(client(`echo "$3" >name; ${failure('X')}`).runWithFile(['create'], 'x')).rejects.toThrow();
    expect(existsSync(left('name').trim())).toBe(false);
  });

  test('is asked again while the store is busy or away', async () => {
    for (const trouble of [
      failure('XMinioServerNotInitialized'),
      failure('SlowDown'),
      failure('', 'dial tcp 10.0.0.1:9000: connect: connection refused'),
      'kill -9 $$',
    ]) {
      rmSync(join(folder, 'tried'), { force: true });
      const mc = client(`[ -e tried ] && echo '{"a":1}' && exit; touch tried; ${trouble}`);
      expect(await mc.run(['x'])).toEqual([{ a: 1 }]);
    }
    expect(waits).toHaveLength(4);
    expect(logged[1]).toMatch(/^warning: mc x: "Unable: No\."; trying again in 0\.\d s$/);
  });

  test('as long as the S3 API, but not for ever', async () => {
    const mc = client(`echo >>tries; ${failure('SlowDown')}`);
    await expect(mc.run(['admin', 'user', 'list', 'store'])).rejects.toThrow(
      'mc admin user list store: "Unable: No." (tried 20 times)',
    );
    expect(left('tries')).toHaveLength(20);
    expect(Math.max(...waits)).toBeLessThanOrEqual(16_000);
    expect(waits.reduce((sum, ms) => sum + ms)).toBeGreaterThan(110_000);
  });

  test('and twice while the store is known to be away, until it has answered', async () => {
    const mc = client(
      `echo >>tries; if [ -e back ]; then ${failure('XMinioAdminNoSuchPolicy')}; else ${failure('SlowDown')}; fi`,
    );
    const tries = async () => {
      rmSync(join(folder, 'tries'), { force: true });
      await mc.run(['x']).catch(() => undefined);
      return left('tries').length;
    };
    expect([await tries(), await tries()]).toEqual([20, 2]);
    writeFileSync(join(folder, 'back'), '');
    expect(await tries()).toBe(1);
    rmSync(join(folder, 'back'));
    expect(await tries()).toBe(20);
  });

  test('and not for what stays', async () => {
    const mc = client(`echo >>tries; ${failure('XMinioAdminNoSuchPolicy')}`);
    const code = 'XMinioAdminNoSuchPolicy';
    await expect(mc.run(['x'])).rejects.toMatchObject({ name: 'ProgramError', code, message: 'mc x: "Unable: No."' });
    expect(left('tries')).toHaveLength(1);
  });

  test.each([
    ['stdout', failure('X', 'bad key: secret-of-cow of root/secret+%')],
    ['stderr', 'echo "bad key: secret-of-cow of root/secret+%" >&2; exit 1'],
  ])('may repeat secrets on its %s, and nobody sees them', async (_, script) => {
    const input = { text: 'a\nsecret-of-cow\n', secret: 'secret-of-cow' };
    await expect(client(script).run(['x'], input)).rejects.toThrow(/bad key: \*\*\* of \*\*\*/);
  });

  test('is not there: that is said', async () => {
    const mc = new Mc(DECLARED, KEYS, () => undefined, { program: '/nowhere/mc' });
    await expect(mc.run(['x'])).rejects.toThrow(
      'MinIO\'s client /nowhere/mc can\'t be started: spawn /nowhere/mc ENOENT. Fix: the image "mc" has to hold mc or mcli',
    );
  });

  test.each(['a:b', 'a@b', 'a\nb'])('can’t be told of the password %j: that is said, without it', async (secretKey) => {
    const error = await client('', DECLARED, { ...KEYS, secretKey })
      .run(['x'])
      .catch((one: Error) => one.message);
    expect(error).toMatch(/root user or its password has a ":", a "@" or a line break/);
    expect(error).not.toContain(secretKey);
  });

  test('runs twice at a time and no more', async () => {
    const mc = client('touch running.$$; ls running.* | wc -l >>most; sleep 0.1; rm running.$$');
    await Promise.all(Array.from({ length: 7 }, () => mc.run(['x'])));
    expect(Math.max(...left('most').trim().split('\n').map(Number))).toBeLessThanOrEqual(2);
    expect(left('most').trim().split('\n')).toHaveLength(7);
  });
});
