import { saveFile } from '../../state/saveFile';

/** Presentation properties that a style sheet may set on elements of a chart. */
const properties = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'dominant-baseline',
];

/** Pixels per unit of the chart in a PNG file. */
const scale = 2;

/** Returns the chart as a standalone SVG document, without a style sheet and on the page's background. */
function standalone(chart: SVGSVGElement): string {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const copies = copy.querySelectorAll('*');
  chart.querySelectorAll('*').forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of properties) copies[i]?.setAttribute(name, style.getPropertyValue(name));
    copies[i]?.removeAttribute('class');
  });
  const { width, height } = chart.viewBox.baseVal;
  copy.removeAttribute('class');
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  ground.setAttribute('width', '100%');
  ground.setAttribute('height', '100%');
  ground.setAttribute('fill', getComputedStyle(document.documentElement).getPropertyValue('--panel').trim());
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

export function saveSvg(chart: SVGSVGElement, name: string): void {
  saveFile(new Blob([standalone(chart)], { type: 'image/svg+xml' }), `${name}.svg`);
}

export async function savePng(chart: SVGSVGElement, name: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([standalone(chart)], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const { width, height } = chart.viewBox.baseVal;
    const canvas = new OffscreenCanvas(width * scale, height * scale);
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    saveFile(await canvas.convertToBlob({ type: 'image/png' }), `${name}.png`);
  } finally {
    URL.revokeObjectURL(url);
  }
}
