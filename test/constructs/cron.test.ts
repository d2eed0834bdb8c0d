import { checkCron } from '../../src/constructs/cron';
import { refusal } from '../support/platform';

const check = (value: string) => () => checkCron({ field: ['sweep', 'schedule'] }, value);

test.each([
  '*/5 * * * *',
  '0 0 1 1 0',
  '0,30 8-18/2 * * mon-fri',
  '? * ? JAN Sun',
  '59 23 31 12 6',
  '@hourly',
  ' 5  4 * * * ',
])('%s is a schedule', (value) => expect(check(value)).not.toThrow());

test.each([
  '',
  '5',
  '* * * *',
  '* * * * * *',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * 32 * *',
  '* * * 13 *',
  '* * * * 7',
  '*/0 * * * *',
  '5-1 * * * *',
  '1-2-3 * * * *',
  '1, * * * *',
  '/5 * * * *',
  'mon * * * *',
  '@reboot',
  'every five minutes, please',
])('%s is none', (value) => {
  expect(refusal(check(value))).toMatchObject({ value, problem: 'not a schedule that Kubernetes takes' });
});
