import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Returns the address of a folder's lock. On Linux and Windows the system removes it with the process. */
function lockAddress(folder) {
  const name = `recallsmith-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  // A leading zero byte makes Linux use an abstract address, which is not a file.
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}

function listen(address) {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => resolve(server));
  });
}

function answers(address) {
  return new Promise((resolve) => {
    const socket = connect(address, () => resolve(true));
    socket.once('connect', () => socket.destroy()).once('error', () => resolve(false));
  });
}

/**
 * Locks a folder against other processes on this machine, until this process ends or calls the returned function.
 * Returns null if another process has the lock. A killed process loses the lock.
 */
export async function lockFolder(folder) {
  const address = lockAddress(await realpath(folder));
  const held = async () => {
    const server = await listen(address);
    server.unref();
    return () => void server.close();
  };
  try {
    return await held();
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    if (address.startsWith('\0') || process.platform === 'win32' || (await answers(address))) return null;
    // The socket's file is left over from a process that was killed.
    await rm(address, { force: true });
    return held();
  }
}
