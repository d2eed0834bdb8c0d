import { PLATFORM_NAME_MAX, platformSecrets } from '../contract';
import { check, checkLabelName, checkServiceName, Subject } from './checks';

/** Name of a platform and where it is; each part of it checks its own, as it may stand alone. */
export interface Place {
  readonly name: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
}

/** Throws `DeclarationError` on what Kubernetes would refuse, or services could not run in. */
export function checkPlace({ name, namespace, servicesNamespace }: Partial<Place>): void {
  if (name !== undefined) checkServiceName({ field: ['name'] }, name, PLATFORM_NAME_MAX);
  if (namespace !== undefined) checkLabelName({ field: ['namespace'] }, namespace);
  if (servicesNamespace === undefined) return;
  checkLabelName({ field: ['servicesNamespace'] }, servicesNamespace);
  check(
    namespace !== servicesNamespace,
    { field: ['servicesNamespace'] },
    {
      problem: "services can't be in the platform's own namespace, which is held to stricter Pod Security",
      value: servicesNamespace,
      fix: `for example "${namespace}-svc"`,
    },
  );
}

/**
 * Throws `DeclarationError` on a Secret of the user's that has the name of another one, which the platform makes.
 * @param free names that are the platform's but stand for this very Secret, or that it doesn't make here
 */
export function checkOwnSecret(
  subject: Subject,
  platform: string,
  secret: string | undefined,
  free: readonly string[] = [],
): void {
  const taken = Object.values(platformSecrets(platform)).filter((name) => !free.includes(name));
  check(secret === undefined || !taken.includes(secret), subject, {
    problem: 'the platform makes a Secret of this name for something else',
    value: secret,
    allowed: `any name but ${taken.join(', ')}`,
    fix: 'give your Secret another name',
  });
}
