import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Mark } from '../../../src/domain/evaluate/mapMarks';
import { MapPainter } from '../../../src/ui/map/mapPainter';

/** Names of the WebGL calls that were made. */
let calls: string[] = [];
const losing = { loseContext: () => void calls.push('loseContext') };
const answers: Record<string, unknown> = { getProgramParameter: true, getExtension: losing };
const gl = new Proxy(
  {},
  {
    get: (_, name: string) =>
      /^[A-Z_]+$/.test(name)
        ? name
        : () => {
            calls.push(name);
            return answers[name] ?? {};
          },
  },
);

/** A canvas of 300 × 200 pixels that counts how often its size is set. */
class Canvas {
  clientWidth = 300;
  clientHeight = 200;
  allocations = 0;
  #width = 0;
  #height = 0;
  getContext = () => gl;
  get width(): number {
    return this.#width;
  }
  set width(value: number) {
    this.allocations += 1;
    this.#width = value;
  }
  get height(): number {
    return this.#height;
  }
  set height(value: number) {
    this.allocations += 1;
    this.#height = value;
  }
}

function painted(): { canvas: Canvas; painter: MapPainter } {
  const canvas = new Canvas();
  const painter = MapPainter.open(canvas as never);
  if (!painter) throw new Error('not opened');
  const marks: Mark[] = ['passage', 'up'];
  painter.setPoints(Float32Array.from([0, 0, 1, 1]), marks);
  return { canvas, painter };
}
const camera = { x: 0, y: 0, scale: 1 };
const count = (name: string): number => calls.filter((call) => call === name).length;

beforeEach(() => {
  calls = [];
  vi.stubGlobal('devicePixelRatio', 1);
  vi.stubGlobal('getComputedStyle', () => ({ getPropertyValue: () => '#123456' }));
  return () => vi.unstubAllGlobals();
});

describe('the painter of the map', () => {
  it('uploads the points once, however often it draws, and the lines only if there are any', () => {
    const { painter } = painted();
    painter.draw(camera, []);
    painter.draw({ ...camera, x: 1 }, []);
    expect(count('bufferData')).toBe(1);
    painter.draw(camera, [0, 0, 1, 1]);
    expect(count('bufferData')).toBe(2);
  });

  it('allocates the canvas anew only if its size has changed', () => {
    const { canvas, painter } = painted();
    painter.draw(camera, []);
    painter.draw(camera, []);
    expect([canvas.width, canvas.height, canvas.allocations]).toEqual([300, 200, 2]);
    canvas.clientWidth = 400;
    painter.draw(camera, []);
    expect([canvas.width, canvas.allocations]).toEqual([400, 3]);
  });

  it('frees its shaders once they are linked, and everything else at its end', () => {
    const { painter } = painted();
    expect(count('deleteShader')).toBe(count('createShader'));
    painter.dispose();
    expect([count('deleteBuffer'), count('deleteProgram'), count('loseContext')]).toEqual([2, 1, 1]);
  });
});
