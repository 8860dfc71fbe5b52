import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const maxCharacters = 72;

/** Returns why a commit message is refused, or null if its subject fits. Lines that git drops do not count. */
export function subjectFault(message) {
  const subject = message.split('\n').find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  const length = [...subject.trim()].length;
  if (length <= maxCharacters) return null;
  return `The subject of a commit has at most ${maxCharacters} characters; this one has ${length}:\n  ${subject.trim()}`;
}

// Git runs this file as the commit-msg hook and passes the path of the file with the message.
const [, script, path] = process.argv;
if (script !== undefined && path !== undefined && import.meta.url === pathToFileURL(script).href) {
  const fault = subjectFault(readFileSync(path, 'utf8'));
  if (fault !== null) {
    console.error(fault);
    process.exitCode = 1;
  }
}
