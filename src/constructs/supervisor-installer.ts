import { Construct } from 'constructs';
import { contentHash, PROGRAM_DIR, recommendedLabels } from '../contract';
import type { Images } from './images';
import type { PodContainer, PodVolume } from './plain';
import { programCommand, programConfigMap, Programs } from './programs';
import { RESTRICTED_CONTAINER } from './security';

/** Where the installer finds the volume that it fills. */
export const INSTALL_DIR = '/oscar/install';
const PROGRAM_VOLUME = 'supervisor-program';

/** Node (about 130 MB), its libraries and the bundle. */
export const INSTALLED_SIZE = '512Mi';

const DAY = 24 * 3600;

/** How long a superseded version stays, at least. What has started with it may need it so long, and a rollback finds it. */
const KEEP_SECONDS = 7 * DAY;

/** As what the installer runs: a volume whose folder is root's can only be filled by root, without any capability. */
export type InstallerUser = 'root' | 'restricted';

const ROOT = { ...RESTRICTED_CONTAINER, runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 };
const RESOURCES = {
  requests: { cpu: '50m', memory: '128Mi', 'ephemeral-storage': '16Mi' },
  limits: { cpu: '1', memory: '256Mi', 'ephemeral-storage': INSTALLED_SIZE },
};

/** What the kinds of supervisor volumes have in common: one version, one program that installs it. */
export class SupervisorInstaller {
  /** Hash of what is installed. One content, one name: an upgrade never changes what running pods have mounted. */
  readonly version: string;
  readonly labels: Record<string, string>;

  constructor(private readonly props: { name: string; namespace: string; images: Images; programs: Programs }) {
    const { name, images, programs } = props;
    this.labels = recommendedLabels('supervisor-installer', name);
    this.version = contentHash([programs.of('supervisor').hash, programs.of('installer').hash, images.of('node')]);
  }

  /** ConfigMaps with the two bundles, kept where Jobs refer to them, and the volume that holds both in a pod. */
  programVolume(scope: Construct, keep = false): PodVolume {
    const { name: platform, namespace, programs } = this.props;
    const names = (['installer', 'supervisor'] as const).map((program) =>
      programConfigMap(scope, programs.of(program), { platform, namespace, labels: this.labels, keep }),
    );
    return { name: PROGRAM_VOLUME, projected: { sources: names.map((name) => ({ configMap: { name } })) } };
  }

  /**
   * Installs `<volume>/<version>`, complete or not at all.
   * @param volume name of the pod's volume to fill
   * @param options of the installer
   */
  container(volume: string, user: InstallerUser, options: readonly string[] = []): PodContainer {
    const args = [INSTALL_DIR, this.version, ...options];
    return {
      ...this.nodeContainer('install-supervisor', user, programCommand('installer'), args),
      volumeMounts: [
        { name: volume, mountPath: INSTALL_DIR },
        { name: PROGRAM_VOLUME, mountPath: PROGRAM_DIR, readOnly: true },
      ],
    };
  }

  /**
   * Makes the installer remove versions that no Job can need any longer. The day more is for Jobs that are stamped while
   * a new version is being applied.
   * @param lifetimeSeconds longest that a Job may be there
   */
  static removing(lifetimeSeconds: number): string[] {
    return ['--keep', String(Math.max(KEEP_SECONDS, lifetimeSeconds + DAY))];
  }

  /** Waits until `<volume>/<version>` is there: a folder is renamed to that name only when it is complete. */
  waitingContainer(volume: string): PodContainer {
    const wait = `const t=setInterval(()=>{if(require('fs').existsSync(process.argv[1]))clearInterval(t)},500)`;
    return {
      ...this.nodeContainer(
        'wait-for-supervisor',
        'restricted',
        ['node', '-e', wait],
        [`${INSTALL_DIR}/${this.version}`],
      ),
      volumeMounts: [{ name: volume, mountPath: INSTALL_DIR, readOnly: true }],
    };
  }

  private nodeContainer(name: string, user: InstallerUser, command: string[], args: string[]): PodContainer {
    return {
      name,
      image: this.props.images.of('node'),
      imagePullPolicy: 'Always',
      command,
      args,
      resources: RESOURCES,
      securityContext: user === 'root' ? ROOT : RESTRICTED_CONTAINER,
    };
  }
}
