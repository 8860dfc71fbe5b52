/**
 * Random numbers that depend only on a counter and a key: Philox4x32-10 (Salmon et al., "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011). The forward and backward passes each compute the mask where they use it; it is never
 * stored.
 */
export const philoxFunctions = `
// High word of a 64-bit product. The first sum cannot overflow: 65535² + 65535 < 2³².
fn mul_high(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
  let low = ah * bl + ((al * bl) >> 16u);
  let high = al * bh + (low & 0xffffu);
  return ah * bh + (low >> 16u) + (high >> 16u);
}
fn philox(counter: vec4<u32>, seed: u32) -> vec4<u32> {
  var c = counter;
  var k = vec2<u32>(seed, 0u);
  for (var round = 0u; round < 10u; round++) {
    let high0 = mul_high(0xD2511F53u, c.x); let low0 = 0xD2511F53u * c.x;
    let high1 = mul_high(0xCD9E8D57u, c.z); let low1 = 0xCD9E8D57u * c.z;
    c = vec4<u32>(high1 ^ c.y ^ k.x, low1, high0 ^ c.w ^ k.y, low0);
    k += vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
  }
  return c;
}
fn dropout_batch_quad(quad: u32) -> vec4<f32> {
  let kept = philox(vec4<u32>(quad, 0u, p.dropOp, p.dropStep), p.dropSeed) >= vec4<u32>(p.dropBelow);
  return select(vec4<f32>(0.0), vec4<f32>(p.dropScale), kept);
}
// Mask values of elements 4·quad … 4·quad + 3. dropFirst must be a multiple of four.
fn dropout_quad(quad: u32) -> vec4<f32> {
  return dropout_batch_quad(quad + p.dropFirst / 4u);
}
fn dropout_one(i: u32) -> f32 {
  let at = i + p.dropFirst;
  return dropout_batch_quad(at / 4u)[at % 4u];
}
// Mask values of a row's attention probabilities for keys 4·quad … 4·quad + 3 of its text.
fn dropout_keys(row_and_head: u32, quad: u32) -> vec4<f32> {
  let drawn = philox(vec4<u32>(row_and_head + p.dropFirst, quad, p.dropOp, p.dropStep), p.dropSeed);
  return select(vec4<f32>(0.0), vec4<f32>(p.dropScale), drawn >= vec4<u32>(p.dropBelow));
}
`;
