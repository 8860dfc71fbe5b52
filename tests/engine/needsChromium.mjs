/*
 * Stops the browser project with a remedy if no Chromium is installed. Playwright's own error would only name a path.
 */
import { findChromium, noChromium } from '../../tools/lib/chromium.mjs';

export default function setup() {
  if (!findChromium()) throw new Error(noChromium);
}
