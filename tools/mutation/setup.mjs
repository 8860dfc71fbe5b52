import { beforeEach } from 'vitest';

/** Tests of large inputs. They take seconds, and almost every mutant that they catch is caught by other tests too. */
const large =
  /\d0,000|1,200 questions|400 questions|a million|\d MB|32 MiB|part boundaries|each of its bytes once|earlier versions still load/;

beforeEach(({ task, skip }) => skip(large.test(task.name), 'too slow for mutation tests'));
