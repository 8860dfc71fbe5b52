/** Whether x is infinite or NaN. */
// @ts-ignore: decorator
@inline
export function isNotFinite(x: f32): bool {
  return (reinterpret<u32>(x) & 0x7f800000) == 0x7f800000;
}
