import { SERVICE_CONTAINER_NAME } from '../contract';
import { check, checkAnnotations, checkLabels, Subject } from './checks';
import type { FileServiceProps } from './file-service-props';
import { looksSecret, refusePlainSecret } from './plain-secrets';

/** Keys that we set ourselves, or select by. */
const OURS = /^(oscar_service$|oscar-cdk8s\/|app\.kubernetes\.io\/)/;

/** Labels by which Kubernetes' own controllers know their pods: a Job that brings one is refused, or never ends. */
const CONTROLLERS = /^(job-name|controller-uid|pod-template-hash|batch\.kubernetes\.io\/.*)$/;

/** Profiles of AppArmor and seccomp, as annotations: of one container, named behind the slash, or of the pod. */
const CONTAINER_PROFILE = /^container\.(apparmor\.security\.beta|seccomp\.security\.alpha)\.kubernetes\.io\/(.*)$/;
const POD_PROFILE = 'seccomp.security.alpha.kubernetes.io/pod';
/** What Pod Security's `baseline`, under which services are, lets through. */
const PROFILE = /^(runtime\/default|localhost\/\S+)$/;

type At = (...field: (string | number)[]) => Subject;

/** Throws on labels and annotations with which Kubernetes would refuse the service's pods, each Job's too. */
export function checkMetadata({ labels = {}, annotations = {} }: FileServiceProps, at: At): void {
  checkLabels(at('labels'), labels);
  checkAnnotations(at('annotations'), annotations);
  for (const [field, values] of Object.entries({ labels, annotations })) {
    for (const [key, value] of Object.entries(values)) {
      check(!OURS.test(key), at(field, key), {
        problem: 'this key is ours, and pods are selected by it',
        value: key,
        allowed: 'any key but oscar_service, oscar-cdk8s/… and app.kubernetes.io/…',
        fix: 'rename the key, e.g. "example.org/team"',
      });
      refusePlainSecret(
        at(field, key),
        looksSecret(value),
        'leave it out, and give it to the script as a variable from a Secret (environment.secrets)',
      );
    }
  }
  for (const key of Object.keys(labels)) {
    check(!CONTROLLERS.test(key), at('labels', key), {
      problem: "this label is Kubernetes' own, and pods that bring one are refused or lost",
      value: key,
      allowed: 'any key but job-name, controller-uid, pod-template-hash and batch.kubernetes.io/…',
      fix: 'rename the key, e.g. "example.org/job-name"',
    });
  }
  for (const [key, value] of Object.entries(annotations)) checkProfile(at('annotations', key), key, value);
}

function checkProfile(subject: Subject, key: string, value: string): void {
  const container = CONTAINER_PROFILE.exec(key)?.[2];
  if (container === undefined && key !== POD_PROFILE) return;
  check(container === undefined || container === SERVICE_CONTAINER_NAME, subject, {
    problem: "a profile of a container that the service's pods don't have",
    value: container,
    allowed: SERVICE_CONTAINER_NAME,
    fix: `end the key in "/${SERVICE_CONTAINER_NAME}"`,
  });
  check(PROFILE.test(value), subject, {
    problem: "a profile that the services' namespace does not let through (Pod Security `baseline`)",
    value,
    allowed: '"runtime/default" or "localhost/PROFILE"',
    fix: 'write "runtime/default", or leave it out',
  });
}
