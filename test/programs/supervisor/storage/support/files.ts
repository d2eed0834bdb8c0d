import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one test's files. */
export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'oscar-storage-'));

  file(name: string): string {
    return join(this.path, name);
  }
  write(name: string, content: string | Buffer): string {
    writeFileSync(this.file(name), content);
    return this.file(name);
  }
  read(name: string): Buffer {
    return readFileSync(this.file(name));
  }
  names(): string[] {
    return readdirSync(this.path).sort();
  }
  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

/** Bytes that repeat only after 251: any that are lost, doubled or moved show. */
export function pattern(bytes: number): Buffer {
  return Buffer.alloc(bytes, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));
}

/** What a transfer warns of. */
export function transfer(signal?: AbortSignal) {
  const warnings: string[] = [];
  return { warnings, signal, warn: (message: string) => void warnings.push(message) };
}

export const MEBIBYTE = 1024 * 1024;
