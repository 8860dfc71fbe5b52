import type { Positions } from '../../domain/evaluate/mapGeometry';
import type { Mark } from '../../domain/evaluate/mapMarks';

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
/** Shapes: 0 dot, 1 triangle, 2 cross, 3 ring, 4 square, 5 line. */
const fragmentShader = `
precision mediump float; varying vec3 tint; varying float kind;
void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0;
  bool inside = true;
  if (kind < 0.5) inside = length(p) < 1.0;
  else if (kind < 1.5) inside = p.y < 0.8 && abs(p.x) < (p.y + 0.9) * 0.55;
  else if (kind < 2.5) inside = min(abs(p.x - p.y), abs(p.x + p.y)) < 0.45;
  else if (kind < 3.5) inside = length(p) < 0.95 && length(p) > 0.5;
  else if (kind < 4.5) inside = max(abs(p.x), abs(p.y)) < 0.75;
  if (!inside) discard;
  gl_FragColor = vec4(tint, 1.0);
}`;

export const shapeOf = (mark: Mark): number =>
  mark === 'passage' ? 0 : mark === 'up' ? 1 : mark === 'down' ? 2 : mark === 'same' ? 3 : 4;

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
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) === true ? program : null;
}

/** Draws points and lines with WebGL. */
export class MapPainter {
  #points: Float32Array = new Float32Array();

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGLRenderingContext,
    private readonly program: WebGLProgram,
    private readonly buffer: WebGLBuffer,
  ) {}

  /** Returns null if the browser has no WebGL. */
  static open(canvas: HTMLCanvasElement): MapPainter | null {
    const gl = canvas.getContext('webgl', { antialias: true, preserveDrawingBuffer: true });
    const program = gl && compiled(gl);
    const buffer = gl?.createBuffer();
    return gl && program && buffer ? new MapPainter(canvas, gl, program, buffer) : null;
  }

  setPoints(positions: Positions, marks: readonly Mark[]): void {
    const colours = new Map([...new Set(marks)].map((mark) => [mark, rgbOf(this.canvas, tokenOf(mark))]));
    this.#points = new Float32Array(6 * marks.length);
    marks.forEach((mark, i) => {
      const place = [positions[2 * i] ?? 0, positions[2 * i + 1] ?? 0];
      this.#points.set([...place, ...(colours.get(mark) ?? [0, 0, 0]), shapeOf(mark)], 6 * i);
    });
  }

  /** `lines` are pairs of places [x, y, x, y, …]. */
  draw({ x, y, scale }: MapCamera, lines: readonly number[]): void {
    const { gl, canvas, program } = this;
    const pixels = devicePixelRatio;
    canvas.width = Math.round(canvas.clientWidth * pixels);
    canvas.height = Math.round(canvas.clientHeight * pixels);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(program);
    gl.uniform2f(gl.getUniformLocation(program, 'middle'), x, y);
    const unit = [(2 * scale) / canvas.clientWidth, (2 * scale) / canvas.clientHeight] as const;
    gl.uniform2f(gl.getUniformLocation(program, 'scale'), ...unit);
    gl.uniform1f(gl.getUniformLocation(program, 'pixels'), pixels);
    this.#send(this.#points, gl.POINTS);
    const accent = rgbOf(canvas, '--accent');
    const ends = Array.from({ length: lines.length / 2 }, (_, i) => [lines[2 * i] ?? 0, lines[2 * i + 1] ?? 0]);
    this.#send(Float32Array.from(ends.flatMap((end) => [...end, ...accent, 5])), gl.LINES);
  }

  #send(values: Float32Array, mode: number): void {
    const { gl, program, buffer } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STREAM_DRAW);
    for (const [name, size, at] of [
      ['position', 2, 0],
      ['colour', 3, 2],
      ['shape', 1, 5],
    ] as const) {
      const location = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, gl.FLOAT, false, 24, 4 * at);
    }
    gl.drawArrays(mode, 0, values.length / 6);
  }
}
