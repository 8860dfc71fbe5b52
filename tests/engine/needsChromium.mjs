/*
 * Stops the browser project if no Chromium is installed, and says what to do. Playwright's own error would only name a
 * path.
 */
import { findChromium, noChromium } from '../../tools/lib/chromium.mjs';

export default function setup() {
  if (!findChromium()) throw new Error(noChromium);
}
