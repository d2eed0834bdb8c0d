import {
  BINDING_FOLDER,
  BindingDeclaration,
  COMPLETION_FOLDER,
  GeneratedSecret,
  platformSecrets,
  platformUsers,
  recommendedLabels,
  recordsBucket,
  splitPath,
  UserDeclaration,
} from '../contract';
import { generatedSecret } from './generated-secret';

/** Where the programs of a platform are. */
export interface ProgramsPlace {
  readonly namespace: string;
  readonly platform: string;
}

/** Keys of the users that the platform's own programs have in its store. */
export function secretsOfPrograms({ namespace, platform }: ProgramsPlace): GeneratedSecret[] {
  const labels = recommendedLabels('sweep', platform);
  const keys = { accessKey: { text: platformUsers(platform).sweep }, secretKey: { hex: 40 } };
  return [generatedSecret(namespace, platformSecrets(platform).sweep, labels, keys)];
}

/**
 * These users, and what each may.
 * @param externalStore whose rules may be made by hand: nobody writes them again
 */
export function usersOfPrograms(
  { namespace, platform }: ProgramsPlace,
  bindings: readonly BindingDeclaration[],
  externalStore = false,
): UserDeclaration[] {
  const records = recordsBucket(platform);
  const bound = bindings.map(({ path }) => path);
  const sweep: UserDeclaration = {
    name: platformUsers(platform).sweep,
    secret: { namespace, name: platformSecrets(platform).sweep },
    read: [`${records}/`],
    write: [`${records}/${BINDING_FOLDER}`, `${records}/${COMPLETION_FOLDER}`],
    // Records of bindings are the provisioner's to remove.
    remove: [`${records}/${COMPLETION_FOLDER}`],
    // What is in the uploads is the services' own.
    list: [...new Set([...bound, `${records}/`])].sort(),
    notify: externalStore ? [] : [...new Set(bound.map((path) => splitPath(path).bucket))].sort(),
    mount: [],
  };
  return [sweep];
}
