import type { DeviceInfo } from '../../domain/device';
import type { Dictionary } from '../i18n/dictionary';

/** Writes the device's name and why it was chosen. */
export function deviceText(dictionary: Dictionary, info: DeviceInfo): string {
  const t = dictionary.device;
  const reason = t.reasons[info.reason];
  if (info.backend === 'webgpu') {
    const name = info.adapter
      ? [info.adapter.vendor, info.adapter.architecture, info.adapter.description]
          .filter((part) => part !== '')
          .join(' ')
      : '';
    return `${t.webgpu}${name === '' ? '' : ` · ${name}`} · ${reason}`;
  }
  return `${t.wasm} · ${t.threads(info.threads)}${info.simd ? '' : ` · ${t.noSimd}`} · ${reason}`;
}
