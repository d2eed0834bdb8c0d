/** As it is read: without tags. */
export const textOf = (page: string) =>
  page
    .replace(/<style>[^]*<\/style>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

/** Every tag that is opened is closed, in order. */
export function checkTags(page: string): void {
  const open: string[] = [];
  for (const [, close, name, own] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
    if (['meta', 'br'].includes(name) || own) continue;
    if (!close) open.push(name);
    else expect(open.pop()).toBe(name);
  }
  expect(open).toEqual([]);
}
