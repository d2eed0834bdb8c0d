import { ProgramError } from '../../common/fail';
import { isUnknownKeys, StoreError } from '../store/store';

/** The sweep's user is the provisioner's work, and the same declaration starts both. */
const FIX =
  "The provisioner makes the sweep's user and its rights: a sweep that comes before its end is refused, and the next one " +
  "is not. Fix, if it stays so: see the log of the provisioner's last Job, delete that Job and apply the manifests again; in " +
  'an external store make the user by hand, as that log says';

/** The error's message, with what a refusal of the sweep's user means. */
export const explained = (error: ProgramError): string =>
  error instanceof StoreError && (isUnknownKeys(error) || error.code === 'AccessDenied')
    ? `${error.message}. ${FIX}`
    : error.message;
