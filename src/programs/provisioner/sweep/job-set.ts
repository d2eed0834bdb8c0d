/** Of a Job's name: what follows the service (`jobName`). */
const HASH = /^[0-9a-f]{20}$/;
/** 80 bits of the hash, in 32 each: the last word has 16. */
const WORDS = 3;
const FIRST_SLOTS = 1024;
/** Part of the slots that may be taken. */
const FULL = 0.75;

/**
 * Names of one service's Jobs, 12 bytes a slot outside of V8's heap: a million of them are 24 MiB. As texts in a Set
 * they would take most of the memory that the program has.
 */
export class JobSet {
  private slots = new Uint32Array(FIRST_SLOTS * WORDS);
  private count = 0;
  /** The slot of nothing but zeros means «empty». */
  private hasZero = false;

  constructor(private readonly service: string) {}

  get size(): number {
    return this.count + (this.hasZero ? 1 : 0);
  }

  /** @returns whether it is the name of a Job of the service: others are not kept */
  add(job: string): boolean {
    const words = this.wordsOf(job);
    if (!words) return false;
    if (isZero(words)) this.hasZero = true;
    else this.put(words);
    return true;
  }

  has(job: string): boolean {
    const words = this.wordsOf(job);
    if (!words) return false;
    return isZero(words) ? this.hasZero : !isZero(this.wordsAt(this.find(words)));
  }

  private wordsOf(job: string): Words | undefined {
    const hash = job.slice(this.service.length + 1);
    if (!job.startsWith(`${this.service}-`) || !HASH.test(hash)) return undefined;
    return [parseInt(hash.slice(0, 8), 16), parseInt(hash.slice(8, 16), 16), parseInt(hash.slice(16), 16)];
  }

  private put(words: Words): void {
    const slot = this.find(words);
    if (!isZero(this.wordsAt(slot))) return;
    this.slots.set(words, slot * WORDS);
    this.count++;
    if (this.count > (this.slots.length / WORDS) * FULL) this.grow();
  }

  /** The slot that holds it, or the empty one where it belongs. The words are of a hash: no other one is needed. */
  private find(words: Words): number {
    const last = this.slots.length / WORDS - 1;
    for (let slot = words[0] & last; ; slot = (slot + 1) & last) {
      const [a, b, c] = this.wordsAt(slot);
      if ((a === words[0] && b === words[1] && c === words[2]) || (a | b | c) === 0) return slot;
    }
  }

  private wordsAt(slot: number): Words {
    const at = slot * WORDS;
    return [this.slots[at], this.slots[at + 1], this.slots[at + 2]];
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += WORDS) {
      const words: Words = [old[at], old[at + 1], old[at + 2]];
      if (!isZero(words)) this.slots.set(words, this.find(words) * WORDS);
    }
  }
}

type Words = readonly [number, number, number];

const isZero = ([a, b, c]: Words) => (a | b | c) === 0;
