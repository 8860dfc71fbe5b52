import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const startMs = 10_000;

/**
 * Libraries that Chromium needs to reach an NVIDIA card through Vulkan, with their Debian packages. Without these
 * libraries the driver loads but offers no Vulkan, and Chromium finds no adapter.
 */
const libraries = {
  'libvulkan.so.1': 'libvulkan1',
  'libEGL.so.1': 'libegl1',
  'libGLdispatch.so.0': 'libglvnd0',
  'libOpenGL.so.0': 'libopengl0',
  'libGL.so.1': 'libgl1',
  'libGLX.so.0': 'libglx0',
  'libGLESv2.so.2': 'libgles2',
  'libX11.so.6': 'libx11-6',
  'libXext.so.6': 'libxext6',
  'libxcb.so.1': 'libxcb1',
};

/** Returns the path of a program in $PATH, or undefined. */
function programPath(name) {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Returns the names of all shared libraries that the system's loader knows, or null if they can't be listed. */
function knownLibraries() {
  for (const command of ['ldconfig', '/sbin/ldconfig'])
    try {
      const text = execFileSync(command, ['-p'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return new Set(text.split('\n').map((line) => line.trim().split(' ')[0]));
    } catch {
      // The loader's tool is not in $PATH, or the system has another loader.
    }
  return null;
}

/**
 * Whether Chromium needs a window to find this machine's card: on Linux, headless Chromium does not see NVIDIA cards.
 */
export function needsWindow() {
  return process.platform === 'linux' && existsSync('/dev/nvidia0');
}

/** Returns the Debian packages that a window with Vulkan needs and this machine lacks. */
export function missingPackages({ program = programPath, known = knownLibraries } = {}) {
  const packages = program('Xvfb') ? [] : ['xvfb'];
  const found = known();
  if (found) for (const [library, name] of Object.entries(libraries)) if (!found.has(library)) packages.push(name);
  return packages;
}

/** Returns the sentence that names the packages to install. */
export function missingPackagesSentence(packages) {
  return `WebGPU cannot reach the NVIDIA card without a virtual screen and the Vulkan loader; install them ("apt-get install ${packages.join(' ')}").`;
}

/**
 * Starts Xvfb, a screen in memory, which picks a free display number. Resolves with its address for DISPLAY and a
 * function that ends it.
 */
export function virtualScreen(program = programPath('Xvfb')) {
  // Xvfb writes the number to file descriptor 3.
  const args = ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true });
  const close = () => void child.kill();
  process.once('exit', close);
  return new Promise((resolve, reject) => {
    const fail = (reason) => {
      close();
      reject(new Error(`Xvfb did not start: ${reason}.`));
    };
    const timer = setTimeout(() => fail('it did not answer'), startMs);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`it exited with code ${code}`));
    child.stdio[3].once('data', (number) => {
      clearTimeout(timer);
      resolve({ display: `:${String(number).trim()}`, close });
    });
  });
}
