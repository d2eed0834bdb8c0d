import { run as command } from '../servers/support/process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Manager } from './manager';
import type { Scenario } from './scenario';

const line = (number: number) => `content ${number}\n`;

/** What a request is answered with: the script's files, or what it says where it leaves none. */
export function answersAreAsManyFiles(scenario: Scenario, service: string): void {
  const ask = async (count: number): Promise<string> => {
    const manager = await Manager.of(scenario.cluster);
    const as = await manager.tokenOf(service);
    const call = { as, contentType: 'application/json', body: JSON.stringify({ files: count }) };
    const { status, text } = await manager.call('POST', `/run/${service}`, call);
    expect(status).toBe(200);
    return text;
  };

  scenario.step('no file: the answer is what the script says', async () => {
    expect(await ask(0)).toBe('0 files\n');
  });

  scenario.step('one file: the answer is the file, in base64', async () => {
    expect(Buffer.from(await ask(1), 'base64').toString()).toBe(line(1));
  });

  scenario.step('several files: the answer is a zip of them, in base64', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oscar-cluster-answer-'));
    writeFileSync(join(folder, 'answer.zip'), Buffer.from(await ask(3), 'base64'));
    const names = (await command('unzip', ['-Z1', join(folder, 'answer.zip')])).split('\n').filter(Boolean);
    expect(names.sort()).toEqual(['file-1.txt', 'file-2.txt', 'file-3.txt']);
    for (const number of [1, 2, 3])
      expect(await command('unzip', ['-p', join(folder, 'answer.zip'), `file-${number}.txt`])).toBe(line(number));
    rmSync(folder, { recursive: true });
  });
}
