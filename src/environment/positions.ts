import {
  Alias,
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Node,
  Pair,
  parseDocument,
  YAMLMap,
} from 'yaml';
import { FieldPath } from '../constructs/errors';
import { spellings } from './spellings';

/** From 1, both. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where values stand in a YAML text. Parses the whole text, so it is made only when there is something to report. */
export class Positions {
  private readonly lines = new LineCounter();
  private readonly document: Document.Parsed;

  constructor(text: string) {
    this.document = parseDocument(text, { lineCounter: this.lines, uniqueKeys: false, schema: 'failsafe' });
  }

  /** Place of the value at `path`, or of the nearest part around it; with `key`, or a map or list there, of its key. */
  of(path: FieldPath, key = false): Place {
    let node: Node | null = this.document.contents;
    let place = node;
    for (const part of path) {
      const map = this.target(node);
      if (isMap(map)) {
        const pair = this.pair(map, String(part));
        if (!pair) break;
        node = pair.value as Node | null;
        place = isScalar(node) && node.range && !key ? node : (pair.key as Node);
      } else if (isSeq(map) && typeof part === 'number' && map.items[part]) {
        place = node = map.items[part] as Node;
      } else break;
    }
    const { line, col } = this.lines.linePos(place?.range?.[0] ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  private target(node: Node | null): Node | null | undefined {
    return isAlias(node) ? (node as Alias).resolve(this.document) : node;
  }

  /** A key of a map, in any of its spellings; also one that a merge key (`<<`) brings in. */
  private pair(map: YAMLMap, key: string): Pair | undefined {
    const named = (name: string) => map.items.find((item) => isScalar(item.key) && String(item.key.value) === name);
    for (const spelling of [key, ...spellings(key)]) {
      const found = named(spelling);
      if (found) return found;
    }
    const merged = this.target((named('<<')?.value ?? null) as Node | null);
    const sources = isSeq(merged) ? merged.items.map((item) => this.target(item as Node)) : [merged];
    return sources.filter(isMap).flatMap((source) => this.pair(source, key) ?? [])[0];
  }
}
