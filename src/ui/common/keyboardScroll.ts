/** Lets the keyboard scroll a box while its content is wider or higher than the box. Attach it to the box. */
export function keyboardScroll(box: HTMLElement): () => void {
  const observer = new ResizeObserver(() => {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  });
  observer.observe(box);
  for (const content of box.children) observer.observe(content);
  return () => observer.disconnect();
}
