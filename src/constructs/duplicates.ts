import { ApiObject, Chart, Lazy } from 'cdk8s';
import type { Construct, IConstruct } from 'constructs';

const guarded = new WeakSet<IConstruct>();

/**
 * From now on, synthesis of the App in which `scope` is ends with an error when two objects of one chart are the same
 * one. Charts may be for clusters of their own, so objects of two charts may be alike.
 */
export function refuseDuplicates(scope: Construct): void {
  const app = scope.node.root;
  if (guarded.has(app)) return;
  guarded.add(app);
  app.node.addValidation({ validate: () => duplicatesIn(app) });
}

/** The API server would take the second as a change of the first, and one of the two would be missing. */
function duplicatesIn(app: IConstruct): string[] {
  const paths = new Map<string, string>();
  const errors: string[] = [];
  for (const object of app.node.findAll().filter((construct) => ApiObject.isApiObject(construct))) {
    const { apiGroup, kind, metadata } = object;
    const [name, namespace] = [metadata.name, metadata.namespace].map(made);
    const key = [Chart.of(object).node.path, apiGroup, kind, namespace, name].join('|');
    const other = paths.get(key);
    const where = namespace === undefined ? '' : ` in namespace "${namespace}"`;
    if (other === undefined) paths.set(key, object.node.path);
    else {
      errors.push(
        `two objects are ${kind} "${name}"${where}: ${other} and ${object.node.path}. Fix: give one of them another name`,
      );
    }
  }
  return errors;
}

const made = (text: unknown) => (text instanceof Lazy ? text.produce() : text);
