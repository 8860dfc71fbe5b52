/** Address of this thread's scratch memory. */
export let scratch: usize = 0;

export function setScratch(at: usize): void {
  scratch = at;
}
