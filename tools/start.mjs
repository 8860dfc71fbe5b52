#!/usr/bin/env node
/* `npm start`: installs and builds if needed, then serves the page on this machine and opens it. Needs only Node.js. */
import { spawn } from 'node:child_process';
import { installWhenNeeded } from './lib/install.mjs';
import { buildWhenNeeded, site } from './lib/build.mjs';
import { parseOptions } from './lib/options.mjs';
import { listen, siteServer, whoListens } from './lib/server.mjs';

/** Fixed port, because browser storage belongs to the page's address, including its port. */
const usualPort = 4178;

const help = `Recallsmith (召回工坊): serves the page on this machine and opens it.

  npm start -- [--port N] [--no-open]

  --port N    use another port than ${usualPort}. Experiments, models and runs belong to the
              address, port included, so on another port the page starts empty. To take
              your work along, save it as a project file and open that file there.
  --no-open   print the address, but do not open it
  --help      print this text`;

function openInBrowser(url) {
  const commands = { darwin: ['open', url], win32: ['cmd', '/c', 'start', '', url] };
  const [command, ...args] = commands[process.platform] ?? ['xdg-open', url];
  // Ignore errors: without a desktop, the printed address is enough.
  spawn(command, args, { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}

function options() {
  const { values } = parseOptions({
    options: { port: { type: 'string' }, 'no-open': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  const port = values.port === undefined ? usualPort : Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Error(`--port takes a number from 1 to 65535, not "${values.port}".`);
  return { port, open: !values['no-open'], help: values.help === true };
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Error(`Recallsmith needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
}

const portTaken = (port) =>
  `Port ${port} is in use by another program: stop it, or choose another port with "npm start -- --port N" ` +
  `(experiments belong to the address, so on another port the page starts empty).`;

async function main() {
  checkNode();
  const { port, open, help: wantsHelp } = options();
  if (wantsHelp) return console.log(help);
  const url = `http://127.0.0.1:${port}/`;
  const ready = (words) => {
    console.log(`${words} ${url}`);
    if (open) openInBrowser(url);
  };
  const { kind } = await whoListens(port);
  if (kind === 'other') throw new Error(portTaken(port));
  await installWhenNeeded();
  await buildWhenNeeded();
  if (kind === 'ours') return ready('Recallsmith is already running:');
  if (kind === 'other-checkout') return ready('Recallsmith is already running from another folder:');
  await listen(siteServer({ site }), port);
  ready('Recallsmith is ready:');
  console.log('Stop it with Ctrl+C.');
}

main().catch((error) => {
  console.error(error.code === 'EADDRINUSE' ? portTaken(error.port) : error.message);
  process.exitCode = 1;
});
