import {
  checkTolerance,
  timesFasterThanPeer,
  worstError,
  wrongTensor,
  type DeviceCheck,
} from '../../domain/deviceCheck/deviceCheck';
import { lossTensor, type TensorError } from '../../domain/deviceCheck/tensorError';
import type { Dictionary } from '../i18n/dictionary';
import { formatError, formatFigure } from '../i18n/format';

/** A sentence on a check or on one of its parts, and whether it found wrong numbers. */
interface CheckVerdict {
  text: string;
  wrong: boolean;
}

/** Returns "Agrees to 2e-6; 31 times faster than tfjs", or the number that is wrong and its error. */
export function checkVerdict(dictionary: Dictionary, check: DeviceCheck): CheckVerdict {
  const t = dictionary.deviceCheck;
  const wrong = wrongTensor(check, 'full');
  if (wrong) return { text: t.wrong(difference(dictionary, wrong)), wrong: true };
  const agrees = t.agrees(formatError(worstError(check, 'full')?.error ?? NaN));
  const times = timesFasterThanPeer(check);
  if (times === null) return { text: agrees, wrong: false };
  const speed = times >= 10 ? Math.round(times) : Number(times.toFixed(1));
  return {
    text: `${agrees}${dictionary.common.semicolon}${times > 1 ? t.faster(speed) : t.slower(speed)}`,
    wrong: false,
  };
}

/** Returns the verdict on mixed precision, or null if the device does not offer it. */
export function mixedVerdict(dictionary: Dictionary, check: DeviceCheck): CheckVerdict | null {
  const t = dictionary.deviceCheck;
  const worst = worstError(check, 'mixed');
  if (!worst) return null;
  const wrong = wrongTensor(check, 'mixed') !== null;
  const text = wrong ? difference(dictionary, worst) : t.mixedAgrees(formatError(worst.error ?? NaN));
  return { text: t.mixed(text), wrong };
}

/** Returns a sentence about stock tfjs on this adapter, or null on wasm. */
export function peerText(dictionary: Dictionary, { peer }: DeviceCheck): string | null {
  const t = dictionary.deviceCheck;
  if (!peer) return null;
  if ('failed' in peer) return t.peerFailed(peer.failed);
  const { worst, engineMs, stepMs } = peer;
  const right = worst.error !== null && worst.error <= checkTolerance.full;
  const numbers = right ? t.peerAgrees(formatError(worst.error ?? NaN)) : t.peerWrong(difference(dictionary, worst));
  return `${t.times(formatFigure(engineMs), formatFigure(stepMs))}${dictionary.common.semicolon}${numbers}`;
}

/** Maximum number of tensors listed in the text to copy. */
const listed = 5;

/** Returns the check as text to copy into a report, with one fact per line. */
export function checkText(dictionary: Dictionary, check: DeviceCheck): string {
  const t = dictionary.deviceCheck;
  const { colon, comma } = dictionary.common;
  const lines = [
    `${t.title}${colon}${checkVerdict(dictionary, check).text}`,
    mixedVerdict(dictionary, check)?.text,
    peerText(dictionary, check),
    ...check.results.map(({ precision, errors }) => {
      const worst = errors.slice(0, listed).map(({ tensor, error }) => `${tensor} ${errorText(error)}`);
      return `${precision}${colon}${worst.join(comma)}`;
    }),
  ];
  return lines.filter((line) => line != null).join('\n');
}

/** Returns the error as a figure, or NaN if it is null because a number was not finite. */
export function errorText(error: number | null): string {
  return error === null ? 'NaN' : formatError(error);
}

function difference({ deviceCheck: t }: Dictionary, { tensor, error }: TensorError): string {
  const name = tensor === lossTensor ? t.loss : t.gradientOf(tensor);
  return error === null ? t.notFinite(name) : t.offBy(name, formatError(error));
}
