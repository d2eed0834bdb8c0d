import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseAllDocuments } from 'yaml';
import { DeclarationError } from '../../src/constructs/errors';
import { FileServiceProps } from '../../src/constructs/file-service';
import { Programs } from '../../src/constructs/programs';
import { Script } from '../../src/constructs/script';
import { EnvironmentError } from '../../src/environment';
import { Synthesizable, synthesize, synthesizeAll } from '../../src/synth';

let folder: string;
let programs: Programs;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'synthesize-'));
  for (const program of ['manager', 'provisioner', 'supervisor', 'installer']) {
    fs.writeFileSync(join(folder, `${program}.cjs.gz`), gzipSync(`// ${program}`));
  }
  programs = new Programs(folder);
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

type Services = Record<string, Partial<FileServiceProps>>;

/** An environment as the loader gives it: `services` by name. */
function environment(services: Services, { name = 'dev', version = '1.0.0' } = {}): Synthesizable {
  const file = `environments/${name}.yaml`;
  return {
    name,
    version,
    file,
    serviceNames: Object.keys(services),
    platformProps: () => ({ programs }),
    serviceProps: (service, platform) => ({
      platform,
      image: 'docker.io/library/busybox:1.37',
      script: Script.inline('#!/bin/sh\nset -e\ncat "$INPUT_FILE_PATH"\n'),
      ...services[service],
    }),
    locate: ({ finding }: DeclarationError) => ({ ...finding, severity: 'error', file, line: 7, column: 3 }),
  };
}
const outdir = () => join(folder, 'dist');
const write = (services: Services, options?: { name?: string; version?: string }) =>
  synthesize(environment(services, options), { outdir: outdir() });
const read = (file: string) => fs.readFileSync(join(outdir(), file), 'utf8');
const files = (of: string) => fs.readdirSync(join(outdir(), of)).sort();
const objectsOf = (file: string) => parseAllDocuments(read(file)).map((document) => document.toJS());
const manifest = () => JSON.parse(read('dev/manifest.json'));

const two: Services = { cowsay: {}, plants: { synchronous: { minScale: 1, maxScale: 4 } } };

test('a file for the namespaces, one a part of the platform, one a service, and the manifest', () => {
  const { files: count, objects, ...rest } = write(two);
  expect(rest).toEqual({ environment: 'dev', version: '1.0.0', folder: join(outdir(), 'dev'), foreignFiles: [] });
  const names = files('dev');
  expect(names[0]).toBe('00-namespaces.yaml');
  expect(names).toEqual(expect.arrayContaining(['10-manager.yaml', '10-minio.yaml', '10-provisioner.yaml']));
  expect(names.slice(-3)).toEqual(['manifest.json', 'service-cowsay.yaml', 'service-plants.yaml']);
  expect(names.filter((name) => !/^(00-namespaces|10-[a-z-]+|service-[a-z]+)\.yaml$/.test(name))).toEqual([
    'manifest.json',
  ]);
  expect(count).toBe(names.length - 1);
  expect(objects).toBe(manifest().files.flatMap(({ objects }: { objects: unknown[] }) => objects).length);
});

test('namespaces are applied first, in their own file', () => {
  write(two);
  expect(objectsOf('dev/00-namespaces.yaml').map(({ kind }) => kind)).toEqual(['Namespace', 'Namespace']);
});

test('the manifest says what is in each file, and its hash', () => {
  write(two);
  const { environment, version, generator, files: entries } = manifest();
  expect({ environment, version }).toEqual({ environment: 'dev', version: '1.0.0' });
  expect(generator).toMatch(/^oscar-cdk8s\/\d+\.\d+\.\d+$/);
  for (const { file, sha256, objects } of entries) {
    expect(
      createHash('sha256')
        .update(read(`dev/${file}`))
        .digest('hex'),
    ).toBe(sha256);
    const written = objectsOf(`dev/${file}`).map(({ apiVersion, kind, metadata: { namespace, name } }) => ({
      apiVersion,
      kind,
      ...(namespace && { namespace }),
      name,
    }));
    expect(objects).toEqual(written);
  }
  expect(entries.map(({ file }: { file: string }) => file)).toEqual(
    files('dev').filter((name) => name !== 'manifest.json'),
  );
});

test('environment and version are labels of every object', () => {
  write(two);
  const objects = files('dev')
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => objectsOf(`dev/${name}`));
  expect(objects.length).toBeGreaterThan(20);
  for (const { metadata } of objects) {
    expect(metadata.labels).toMatchObject({ 'oscar-cdk8s/environment': 'dev', 'oscar-cdk8s/version': '1.0.0' });
  }
});

test('the platform knows all services, though it is made before them', () => {
  write(two);
  const provisioner = read('dev/10-provisioner.yaml');
  for (const service of ['cowsay', 'plants']) expect(provisioner).toContain(`${service}-token`);
});

test('the same input gives the same bytes', () => {
  const bytes = () => files('dev').map((name) => read(`dev/${name}`));
  write(two);
  const first = bytes();
  write(two);
  expect(bytes()).toEqual(first);
});

describe('a failed synthesis', () => {
  const bad: Services = { cowsay: { memory: 'much' }, plants: {}, other: { cpu: 'fast' } };
  const failure = (work: () => unknown): EnvironmentError => {
    try {
      work();
    } catch (error) {
      return error as EnvironmentError;
    }
    throw new Error('it did not fail');
  };

  test('says all that is wrong, and where', () => {
    const error = failure(() => write(bad));
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error.findings.map(({ service }) => service)).toEqual(['cowsay', 'other']);
    expect(error.message).toMatch(/^environments\/dev.yaml:7:3: service "cowsay": .*much/);
  });
  test('leaves nothing behind', () => {
    failure(() => write(bad));
    expect(fs.readdirSync(outdir())).toEqual([]);
  });
  test('changes nothing', () => {
    write(two);
    const before = read('dev/manifest.json');
    failure(() => write({ ...two, ...bad }, { version: '2.0.0' }));
    expect(read('dev/manifest.json')).toBe(before);
    expect(fs.readdirSync(outdir())).toEqual(['dev']);
  });
  test('of one environment changes no other', () => {
    write(two);
    const before = read('dev/manifest.json');
    const good = environment(two, { version: '2.0.0' });
    failure(() => synthesizeAll([good, environment(bad, { name: 'test' })], { outdir: outdir() }));
    expect(read('dev/manifest.json')).toBe(before);
    expect(fs.readdirSync(outdir())).toEqual(['dev']);
  });
  test('by a fault of ours is thrown as it is, and changes nothing', () => {
    const broken = { ...environment(two), serviceProps: () => JSON.parse('{') };
    expect(() => synthesize(broken, { outdir: outdir() })).toThrow(SyntaxError);
    expect(fs.readdirSync(outdir())).toEqual([]);
  });
});

test('two services may not make one volume', () => {
  const volume = { name: 'shared', size: '1Gi', mountPath: '/data' };
  expect(() => write({ cowsay: { volume }, plants: { volume } })).toThrow(
    'service "plants": volume.name: the service "cowsay" makes a volume of this name, got "shared"',
  );
});

test('a service may not make an object of the platform', () => {
  expect(() => write({ 'oscar-default-deny': {} })).toThrow(
    'two objects are NetworkPolicy "oscar-default-deny" in namespace "oscar-svc": one of service-oscar-default-deny.yaml',
  );
});

test('a service that is gone takes its file with it; what is not ours stays', () => {
  write(two);
  fs.writeFileSync(join(outdir(), 'dev', 'notes.yaml'), 'a: 1\n');
  expect(write({ cowsay: {} }).foreignFiles).toEqual(['notes.yaml']);
  expect(files('dev')).toContain('notes.yaml');
  expect(files('dev')).not.toContain('service-plants.yaml');
});

test('several environments stand beside each other; one that is no longer given stays', () => {
  synthesizeAll([environment(two), environment(two, { name: 'test' })], { outdir: outdir() });
  expect(fs.readdirSync(outdir()).sort()).toEqual(['dev', 'test']);
  write(two);
  expect(fs.readdirSync(outdir()).sort()).toEqual(['dev', 'test']);
});

test('two environments of one name are refused', () => {
  const both = [environment(two), { ...environment(two), file: 'environments/other.yaml' }];
  expect(() => synthesizeAll(both, { outdir: outdir() })).toThrow(
    'two environments have the name "dev": environments/dev.yaml and environments/other.yaml',
  );
});
