#!/usr/bin/env node
/* `npm run check`: checks the types of all zones. Stops at the first zone with errors. */
import { runCommand } from './lib/runCommand.mjs';
import { deleteTranslatedComponents, pageCheck, zoneCheck, zones } from './lib/typeChecks.mjs';

try {
  deleteTranslatedComponents();
  for (const { script, args } of [...zones.map(zoneCheck), pageCheck()])
    await runCommand(process.execPath, [script, ...args]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
