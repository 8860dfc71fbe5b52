import type { Positions } from '../../domain/evaluate/mapGeometry';
import { mapShapes, shapeOf, type MapShape, type Mark } from '../../domain/evaluate/mapMarks';

/** The part of the map that is seen: its middle, and pixels per unit. */
export interface MapCamera {
  x: number;
  y: number;
  scale: number;
}

const vertexShader = `
attribute vec2 position; attribute vec3 colour; attribute float shape;
uniform vec2 middle; uniform vec2 scale; uniform float pixels;
varying vec3 tint; varying float kind;
void main() {
  gl_Position = vec4((position - middle) * scale * vec2(1.0, -1.0), 0.0, 1.0);
  gl_PointSize = pixels * (shape < 0.5 ? 5.0 : 12.0);
  tint = colour; kind = shape;
}`;
/** The tests for the inside of each shape, at p from -1 to 1, downwards. */
const insideOf: Record<MapShape, string> = {
  dot: 'length(p) < 1.0',
  ring: 'length(p) < 0.95 && length(p) > 0.5',
  square: 'max(abs(p.x), abs(p.y)) < 0.75',
  diamond: 'abs(p.x) + abs(p.y) < 1.0',
  triangle: 'p.y < 0.8 && abs(p.x) < (p.y + 0.9) * 0.55',
  upturned: 'p.y > -0.8 && abs(p.x) < (0.9 - p.y) * 0.55',
  plus: 'min(abs(p.x), abs(p.y)) < 0.3',
  cross: 'min(abs(p.x - p.y), abs(p.x + p.y)) < 0.45',
  frame: 'max(abs(p.x), abs(p.y)) < 0.85 && max(abs(p.x), abs(p.y)) > 0.45',
};
/** A line has no shape. */
const lineShape = mapShapes.length;
const fragmentShader = `
precision mediump float; varying vec3 tint; varying float kind;
void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0;
  bool inside = true;
  ${mapShapes.map((shape, i) => `if (abs(kind - ${i}.0) < 0.5) inside = ${insideOf[shape]};`).join('\n  ')}
  if (!inside) discard;
  gl_FragColor = vec4(tint, 1.0);
}`;

const signs: Record<MapShape, string> = {
  ...{ dot: '•', ring: '○', square: '■', diamond: '◆', triangle: '▲', upturned: '▼', plus: '✚', cross: '✕' },
  frame: '□',
};
/** The sign that shows a mark's shape in the legend. */
export const signOf = (mark: Mark): string => signs[shapeOf(mark)];

/** The token of base.css that colours a mark. */
export function tokenOf(mark: Mark): string {
  if (mark === 'passage') return '--line-strong';
  if (mark === 'up') return '--won';
  if (mark === 'down') return '--lost';
  return mark === 'same' ? '--ink-3' : `--series-${mark.slice('topic-'.length)}`;
}

/** Returns a colour token as red, green and blue from 0 to 1. */
function rgbOf(element: Element, token: string): [number, number, number] {
  const value = Number.parseInt(getComputedStyle(element).getPropertyValue(token).trim().slice(1), 16) || 0;
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

function compiled(gl: WebGLRenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertexShader],
    [gl.FRAGMENT_SHADER, fragmentShader],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    // It lives as long as the program that it is attached to.
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) === true ? program : null;
}

/** Draws points and lines with WebGL. After a lost context, open another one when the context is restored. */
export class MapPainter {
  #points = 0;

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGLRenderingContext,
    private readonly program: WebGLProgram,
    private readonly pointBuffer: WebGLBuffer,
    private readonly lineBuffer: WebGLBuffer,
  ) {}

  /** Returns null if the browser has no WebGL. */
  static open(canvas: HTMLCanvasElement): MapPainter | null {
    const gl = canvas.getContext('webgl', { antialias: true, preserveDrawingBuffer: true });
    const program = gl && compiled(gl);
    const [points, lines] = [gl?.createBuffer(), gl?.createBuffer()];
    return gl && program && points && lines ? new MapPainter(canvas, gl, program, points, lines) : null;
  }

  /** Uploads the points. */
  setPoints(positions: Positions, marks: readonly Mark[]): void {
    const colours = new Map([...new Set(marks)].map((mark) => [mark, rgbOf(this.canvas, tokenOf(mark))]));
    const points = new Float32Array(6 * marks.length);
    marks.forEach((mark, i) => {
      const place = [positions[2 * i] ?? 0, positions[2 * i + 1] ?? 0];
      points.set([...place, ...(colours.get(mark) ?? [0, 0, 0]), mapShapes.indexOf(shapeOf(mark))], 6 * i);
    });
    this.#points = marks.length;
    this.#upload(this.pointBuffer, points);
  }

  /** `lines` are pairs of places [x, y, x, y, …]. */
  draw({ x, y, scale }: MapCamera, lines: readonly number[]): void {
    const { gl, canvas, program } = this;
    const pixels = devicePixelRatio;
    this.#fitCanvas(Math.round(canvas.clientWidth * pixels), Math.round(canvas.clientHeight * pixels));
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(program);
    gl.uniform2f(gl.getUniformLocation(program, 'middle'), x, y);
    const unit = [(2 * scale) / canvas.clientWidth, (2 * scale) / canvas.clientHeight] as const;
    gl.uniform2f(gl.getUniformLocation(program, 'scale'), ...unit);
    gl.uniform1f(gl.getUniformLocation(program, 'pixels'), pixels);
    this.#drawBuffer(this.pointBuffer, gl.POINTS, this.#points);
    if (lines.length === 0) return;
    const accent = rgbOf(canvas, '--accent');
    const ends = Array.from({ length: lines.length / 2 }, (_, i) => [lines[2 * i] ?? 0, lines[2 * i + 1] ?? 0]);
    this.#upload(this.lineBuffer, Float32Array.from(ends.flatMap((end) => [...end, ...accent, lineShape])));
    this.#drawBuffer(this.lineBuffer, gl.LINES, ends.length);
  }

  /** Frees the memory on the graphics card. A browser allows only a few contexts, so it is asked to end this one. */
  dispose(): void {
    const { gl } = this;
    gl.deleteBuffer(this.pointBuffer);
    gl.deleteBuffer(this.lineBuffer);
    gl.deleteProgram(this.program);
    gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  /** Sets the size only if it changed: setting it always clears the canvas and allocates its memory again. */
  #fitCanvas(width: number, height: number): void {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  #upload(buffer: WebGLBuffer, values: Float32Array): void {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.STATIC_DRAW);
  }

  #drawBuffer(buffer: WebGLBuffer, mode: number, count: number): void {
    const { gl, program } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    for (const [name, size, at] of [
      ['position', 2, 0],
      ['colour', 3, 2],
      ['shape', 1, 5],
    ] as const) {
      const location = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, gl.FLOAT, false, 24, 4 * at);
    }
    gl.drawArrays(mode, 0, count);
  }
}
