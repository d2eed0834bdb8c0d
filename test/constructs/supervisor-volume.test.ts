import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Images } from '../../src/constructs/images';
import { KubernetesVersion } from '../../src/constructs/kubernetes-version';
import type { SupervisorOptions } from '../../src/constructs/platform';
import { Programs } from '../../src/constructs/programs';
import { SupervisorVolume, SupervisorVolumeProps } from '../../src/constructs/supervisor-volume';
import { byKind, chart, Manifest, manifests, refusal, synthesize, platform } from './service-fixture';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'programs-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function programs(supervisor = 'one'): Programs {
  for (const program of ['supervisor', 'installer']) {
    writeFileSync(join(folder, `${program}.cjs.gz`), gzipSync(program === 'supervisor' ? supervisor : program));
  }
  return new Programs(folder);
}

interface More {
  version?: string;
  supervisor?: string;
  node?: string;
  deadline?: number;
}

function volume(options: SupervisorOptions, more: More = {}) {
  const scope = chart();
  const { mount } = SupervisorVolume.of(scope, 'supervisor', {
    namespace: 'oscar-svc',
    kubernetesVersion: KubernetesVersion.of(more.version ?? '1.27'),
    images: new Images({ replace: { node: more.node ?? 'node:24', pause: 'pause:3' } }),
    programs: programs(more.supervisor),
    options,
    ...(more.deadline === undefined ? {} : { longestJobSeconds: () => more.deadline! }),
  });
  return { mount, objects: manifests(scope), kinds: byKind(scope) };
}

const named = (objects: Manifest[], kind: string) => objects.filter((object) => object.kind === kind);
const MOUNT = { name: 'supervisor', mountPath: '/oscar/bin', readOnly: true };

describe('nodeLocal', () => {
  const made = () => volume({ kind: 'nodeLocal', hostPath: '/srv/oscar' });

  test('services mount the folder of one version, which has to exist on the node', () => {
    const { mount, objects } = made();
    const volumes = named(objects, 'PersistentVolume');
    const [versions, version] = volumes;
    const name = version.spec.claimRef.name;
    expect(versions.spec.claimRef.name).toMatch(/^oscar-supervisor-local-[0-9a-f]{6}$/);
    expect(name).toMatch(new RegExp(`^${versions.spec.claimRef.name}-[0-9a-f]{10}$`));
    expect(versions.spec.hostPath).toEqual({ path: '/srv/oscar/oscar-svc/oscar', type: 'DirectoryOrCreate' });
    expect(version.spec.hostPath).toEqual({
      path: `/srv/oscar/oscar-svc/oscar/${name.slice(-10)}`,
      type: 'Directory',
    });
    expect(version.spec.accessModes).toEqual(['ReadOnlyMany']);
    expect(mount).toEqual({
      volumes: [{ name: 'supervisor', persistentVolumeClaim: { claimName: name, readOnly: true } }],
      volumeMount: MOUNT,
      initContainers: [],
    });
  });

  test('volume and claim are bound both ways, and nothing is provisioned', () => {
    const { objects } = made();
    const claims = named(objects, 'PersistentVolumeClaim');
    expect(claims).toHaveLength(2);
    for (const { metadata, spec } of claims) {
      const bound = named(objects, 'PersistentVolume').find((one) => one.metadata.name === spec.volumeName)!;
      expect(bound.metadata.namespace).toBeUndefined();
      expect(bound.metadata.name).toBe(`oscar-svc.${metadata.name}`);
      expect(bound.spec.claimRef).toMatchObject({ namespace: 'oscar-svc', name: metadata.name });
      expect(bound.spec.persistentVolumeReclaimPolicy).toBe('Retain');
      expect(bound.spec).not.toHaveProperty('storageClassName');
      expect(spec.storageClassName).toBe('');
      expect(spec.accessModes).toEqual(bound.spec.accessModes);
    }
  });

  test('the installer runs on every node as root without any capability, and no pod has a hostPath', () => {
    const { objects, kinds } = made();
    const { spec } = kinds.DaemonSet.spec.template;
    expect(spec.tolerations).toEqual([{ operator: 'Exists' }]);
    expect(spec.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
    expect(spec.automountServiceAccountToken).toBe(false);
    const [install] = spec.initContainers;
    expect(install.image).toBe('node:24');
    expect(install.args[0]).toBe('/oscar/install');
    expect(install.args[1]).toMatch(/^[0-9a-f]{10}$/);
    expect(install.securityContext).toMatchObject({
      runAsUser: 0,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const [pause] = spec.containers;
    expect(pause.image).toBe('pause:3');
    expect(pause.securityContext.runAsNonRoot).toBe(true);
    expect(JSON.stringify(objects.filter(({ kind }) => kind !== 'PersistentVolume'))).not.toContain('hostPath');
  });

  test.each([
    [undefined, '604800'],
    [3600, '604800'],
    [518_400, '604800'],
    [518_401, '604801'],
    [30 * 86_400, '2678400'],
  ])('Jobs may run for %p s: what is superseded stays for %s s', (deadline, kept) => {
    const { kinds } = volume({ kind: 'nodeLocal' }, { deadline });
    expect(kinds.DaemonSet.spec.template.spec.initContainers[0].args.slice(2)).toEqual(['--keep', kept]);
  });

  test('both bundles are in the installer’s pod', () => {
    const { objects, kinds } = made();
    const maps = named(objects, 'ConfigMap').map(({ metadata }) => metadata.name);
    const program = kinds.DaemonSet.spec.template.spec.volumes[1];
    expect(program.projected.sources.map((source: Manifest) => source.configMap.name)).toEqual(maps);
    expect(maps.map((name) => name.replace(/-[0-9a-f]{10}$/, ''))).toEqual(['oscar-installer', 'oscar-supervisor']);
  });

  test('another supervisor or another Node is another version, with claims of its own', () => {
    const claim = (more: object) => volume({ kind: 'nodeLocal' }, more).mount.volumes[0];
    expect(claim({})).toEqual(claim({}));
    expect(claim({ supervisor: 'two' })).not.toEqual(claim({}));
    expect(claim({ node: 'node:25' })).not.toEqual(claim({}));
  });

  test.each(['relative', '/', '/a/../b'])('a host path of %s is refused', (hostPath) => {
    expect(refusal(() => volume({ kind: 'nodeLocal', hostPath }))).toContain('supervisor.hostPath');
  });
});

describe('shared', () => {
  const made = (options = {}) => volume({ kind: 'shared', ...options });

  test('a Job fills one claim, and pods wait for their version and mount only that', () => {
    const { mount, kinds } = made({ storageClassName: 'nfs', size: '2048Mi' });
    expect(kinds.PersistentVolumeClaim.spec).toEqual({
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '2Gi' } },
      storageClassName: 'nfs',
    });
    const [install] = kinds.Job.spec.template.spec.containers;
    const [wait] = mount.initContainers;
    const [, version, ...others] = install.args;
    expect(others).toEqual([]); // nothing tells which versions are old
    expect(wait.args).toEqual([`/oscar/install/${version}`]);
    expect(wait.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(mount.volumeMount).toEqual({ ...MOUNT, subPath: version });
    expect(mount.volumes).toEqual([
      { name: 'supervisor', persistentVolumeClaim: { claimName: kinds.PersistentVolumeClaim.metadata.name } },
    ]);
  });

  test('the Job is named by what is in it, as it can’t be changed', () => {
    const job = (more: object) => volume({ kind: 'shared' }, more).kinds.Job.metadata.name;
    expect(job({})).toBe(job({}));
    expect(job({ supervisor: 'two' })).not.toBe(job({}));
    expect(job({ node: 'node:25' })).not.toBe(job({}));
  });

  test('the cluster’s own class is used when none is named', () => {
    expect(made().kinds.PersistentVolumeClaim.spec).not.toHaveProperty('storageClassName');
  });

  test.each([{ size: '1' }, { size: 'much' }, { storageClassName: 'A' }])('%j is refused', (options) => {
    expect(refusal(() => made(options))).toContain('supervisor.');
  });
});

test.each<[SupervisorOptions, string[]]>([
  [{ kind: 'nodeLocal' }, ['PersistentVolume', 'PersistentVolumeClaim']],
  [{ kind: 'shared' }, ['PersistentVolumeClaim']],
  [{ kind: 'perPod' }, ['ConfigMap', 'ConfigMap']],
])('%j: what Jobs refer to is kept, as those of before may have to start yet', (options, kept) => {
  const { mount, objects } = volume(options);
  const found = objects.filter(({ metadata }) => metadata.labels?.['oscar-cdk8s/keep'] === 'true');
  expect(found.map(({ kind }) => kind)).toEqual(kept);
  const volumes = JSON.stringify(mount.volumes);
  const named = found.filter(({ kind }) => kind !== 'PersistentVolume').map(({ metadata }) => metadata.name);
  for (const name of named) expect(volumes).toContain(`"${name}"`);
});

test('perPod: each pod installs for itself, without privileges', () => {
  const { mount, objects } = volume({ kind: 'perPod' });
  expect(objects.map(({ kind }) => kind)).toEqual(['ConfigMap', 'ConfigMap']);
  const [install] = mount.initContainers;
  expect(install.securityContext).toMatchObject({ runAsNonRoot: true, capabilities: { drop: ['ALL'] } });
  expect(install.volumeMounts![0]).toEqual({ name: 'supervisor', mountPath: '/oscar/install' });
  expect(mount.volumeMount).toEqual({ ...MOUNT, subPath: install.args![1] });
  expect(install.args).toHaveLength(2);
  expect(mount.volumes.map(({ name }) => name)).toEqual(['supervisor', 'supervisor-program']);
  expect(mount.volumes[0]).toMatchObject({ emptyDir: { sizeLimit: '512Mi' } });
});

describe('image', () => {
  test('an image volume needs a Kubernetes that has them', () => {
    expect(refusal(() => volume({ kind: 'image', image: 'a' }, { version: '1.34' }))).toContain(
      'supervisor.kind: a supervisor volume of kind "image" needs Kubernetes 1.35, and the manifests are for 1.34',
    );
  });

  test('nothing is deployed, and the image stands in the services’ pods', () => {
    const { mount, objects } = volume({ kind: 'image', image: 'ghcr.io/me/supervisor:1' }, { version: '1.35' });
    expect(objects).toEqual([]);
    const made = synthesize({ platform: platform({ supervisor: mount }) });
    const image = { name: 'supervisor', image: { reference: 'ghcr.io/me/supervisor:1', pullPolicy: 'IfNotPresent' } };
    expect(made.Deployment.spec.template.spec.volumes[0]).toEqual(image);
    expect(made.PodTemplate.template.spec.volumes[0]).toEqual(image);
  });

  test('an image that is none is refused', () => {
    expect(refusal(() => volume({ kind: 'image', image: 'A B' }, { version: '1.35' }))).toContain('supervisor.image');
  });
});

test('every property shows up', () => {
  const scope = chart();
  const props: Required<SupervisorVolumeProps> = {
    name: 'q',
    namespace: 'elsewhere',
    kubernetesVersion: KubernetesVersion.of('1.35'),
    images: new Images({ replace: { node: 'example.org/node:1', pause: 'example.org/pause:1' } }),
    programs: programs(),
    options: { kind: 'nodeLocal', hostPath: '/srv' },
    longestJobSeconds: () => 86_400 * 9,
  };
  SupervisorVolume.of(scope, 'supervisor', props);
  const { DaemonSet, ConfigMap, PersistentVolume } = byKind(scope);
  expect(DaemonSet.metadata).toMatchObject({ name: 'q-supervisor-installer', namespace: 'elsewhere' });
  expect(DaemonSet.spec.template.spec.initContainers[0]).toMatchObject({
    image: 'example.org/node:1',
    args: ['/oscar/install', expect.anything(), '--keep', `${86_400 * 10}`],
  });
  expect(DaemonSet.spec.template.spec.containers[0].image).toBe('example.org/pause:1');
  expect(ConfigMap.metadata.name).toBe(`q-supervisor-${props.programs.of('supervisor').hash}`);
  expect(PersistentVolume.spec.hostPath.path).toMatch(/^\/srv\/elsewhere\/q\//);
  expect(() =>
    SupervisorVolume.of(scope, 'image', { ...props, options: { kind: 'image', image: 'supervisor:1' } }),
  ).not.toThrow();
});

test('with defaults it is the folder of the platform `oscar` on each node', () => {
  const scope = chart();
  SupervisorVolume.of(scope, 'supervisor', { namespace: 'oscar-svc', programs: programs() });
  expect(byKind(scope).PersistentVolume.spec.hostPath.path).toMatch(/^\/var\/lib\/oscar-cdk8s\/oscar-svc\/oscar\//);
  expect(byKind(scope).DaemonSet.spec.template.spec.containers[0].image).toBe(new Images().of('pause'));
});

test.each<[string, Partial<SupervisorVolumeProps>, string]>([
  ['a name', { name: 'UP per' }, 'name: '],
  ['a namespace', { namespace: 'b b' }, 'namespace: '],
  [
    'a kind',
    { options: { kind: 'perpod' } as unknown as SupervisorOptions },
    'supervisor.kind: no kind of supervisor volume, got "perpod". Allowed: nodeLocal, shared, perPod, image.',
  ],
])('%s that is none is refused', (_what, more, message) => {
  const make = () => SupervisorVolume.of(chart(), 'supervisor', { namespace: 'n', programs: programs(), ...more });
  expect(refusal(make)).toContain(message);
});

describe('what can’t be changed in the cluster has another name when it changes', () => {
  /** Objects whose fields the API server lets nobody change, without their names. */
  const fixed = (options: SupervisorOptions) => {
    const { objects } = volume(options);
    const bound = objects.filter(({ kind }) => /^PersistentVolume/.test(kind));
    return new Map(bound.map(({ kind, metadata, spec }) => [`${kind} ${metadata.name}`, JSON.stringify(spec)]));
  };
  const all: SupervisorOptions[] = [
    { kind: 'nodeLocal' },
    { kind: 'nodeLocal', hostPath: '/srv/oscar' },
    { kind: 'shared' },
    { kind: 'shared', size: '2Gi' },
    { kind: 'shared', storageClassName: 'nfs' },
    { kind: 'shared', storageClassName: 'nfs', size: '2Gi' },
  ];

  test.each(all.flatMap((from) => all.map((to) => [from, to] as const)))('%j → %j', (from, to) => {
    const before = fixed(from);
    for (const [name, spec] of fixed(to)) expect(before.get(name) ?? spec).toBe(spec);
  });
});

test('services’ pods differ only in the volume', () => {
  const kinds: SupervisorOptions[] = [
    { kind: 'nodeLocal' },
    { kind: 'shared' },
    { kind: 'perPod' },
    { kind: 'image', image: 'a' },
  ];
  const pods = kinds.map((options) => {
    const { mount } = volume(options, { version: '1.35' });
    const { spec } = synthesize({ platform: platform({ supervisor: mount }) }).Deployment.spec.template;
    const ours = (name: string) => name === 'supervisor' || name === 'supervisor-program';
    const [container] = spec.containers;
    return {
      ...spec,
      initContainers: [],
      volumes: spec.volumes.filter(({ name }: { name: string }) => !ours(name)),
      containers: [{ ...container, volumeMounts: container.volumeMounts.slice(1) }],
    };
  });
  for (const pod of pods) expect(pod).toEqual(pods[0]);
});
