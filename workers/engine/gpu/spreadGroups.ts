/** Number of workgroups per dimension that every WebGPU device allows. */
const maxGroups = 65_535;

/** Splits a number of workgroups into [x, y, 1]. The last row may contain workgroups past the end, which do nothing. */
export function spreadGroups(groups: number): readonly [number, number, number] {
  if (groups <= maxGroups) return [groups, 1, 1];
  const y = Math.ceil(groups / maxGroups);
  return [Math.ceil(groups / y), y, 1];
}
