/* Stops the browser project with a remedy before Playwright fails with a path. */
import { findChromium, noChromium } from '../../tools/lib/chromium.mjs';

export default function setup() {
  if (!findChromium()) throw new Error(noChromium);
}
