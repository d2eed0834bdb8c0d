const MOST_KEPT = 20;

/** The first 20 of what may come by the hundred thousand, and how many more came: 8 MiB hold 300,000 records. */
export class FirstFew<T> {
  private readonly kept: T[] = [];
  private more = 0;

  get first(): T | undefined {
    return this.kept[0];
  }

  /** @param make called only for what is kept */
  add(make: () => T): void {
    if (this.kept.length < MOST_KEPT) this.kept.push(make());
    else this.more++;
  }

  /** @param rest makes the last of the list, for all that were not kept */
  list(rest: (more: number) => T): T[] {
    return this.more > 0 ? [...this.kept, rest(this.more)] : this.kept;
  }
}
