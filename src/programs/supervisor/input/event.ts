import { InvocationError } from '../failure';
import { Envelope, envelopeOf } from './api-gateway';
import type { EventInput } from './input';
import { Json } from './json';
import { storageEvent } from './records';
import { refusal } from './refusal';
import { readBase64, readJson, readText } from './text';
import { ProviderName, Wrapper, wrapperOf } from './wrapper';

/** What a body means: objects to fetch, or data. */
export type Meaning = EventInput | Data;

export interface Data {
  readonly kind: 'data';
  readonly content: Buffer;
  /** It came in a request of API Gateway. */
  readonly enveloped: boolean;
  readonly variables: Readonly<Record<string, string>>;
}

/** What the layers around a piece of the body say of it. */
interface Around {
  /** How many wrappers. */
  readonly wrappers: number;
  readonly provider?: ProviderName;
  readonly enveloped: boolean;
  readonly variables: Readonly<Record<string, string>>;
}

const NOTHING: Around = { wrappers: 0, enveloped: false, variables: {} };
const MOST_WRAPPERS = 5;

/**
 * Reads a whole body.
 * @param kind what its Content-Type says
 * @throws InvocationError (`input`) when it is none of what the kind allows, or an event that is broken.
 */
export function meaningOf(kind: 'json' | 'text', body: Buffer): Meaning {
  return read(kind, body, 'body', NOTHING);
}

function read(kind: 'json' | 'text', bytes: Buffer, where: string, around: Around): Meaning {
  const content = kind === 'json' ? readJson(bytes, where) : readText(bytes, where);
  if (content instanceof InvocationError) throw content;
  return content instanceof Json ? (eventIn(content, around) ?? data(bytes, around)) : data(content, around);
}

function data(content: Buffer, { enveloped, variables }: Around): Data {
  return { kind: 'data', content, enveloped, variables };
}

/** Undefined for JSON that is data. An envelope in another one is data, as upstream has it. */
function eventIn(json: Json, around: Around): Meaning | undefined {
  const envelope = around.enveloped ? undefined : envelopeOf(json);
  if (envelope) return inEnvelope(envelope, around);
  const wrapper = wrapperOf(json);
  if (wrapper) return inWrapper(wrapper, around);
  const event = storageEvent(json, around.provider);
  return event && { kind: 'event', ...event, variables: around.variables };
}

/** A wrapper that names a provider holds an event or data; one that doesn't is a wrapper only around an event. */
function inWrapper({ inner, provider }: Wrapper, around: Around): Meaning | undefined {
  if (around.wrappers === MOST_WRAPPERS) {
    throw refusal({
      where: inner.where,
      problem: `events are wrapped in each other more than ${MOST_WRAPPERS} times`,
      allowed: `at most ${MOST_WRAPPERS} of {"event": …, "storage_provider": …}`,
      fix: 'send the event itself, or with one wrapper',
    });
  }
  const inside = { ...around, wrappers: around.wrappers + 1, provider: provider ?? around.provider };
  const text = inner.string === undefined ? undefined : Buffer.from(inner.string);
  if (!provider) {
    const event = text ? readText(text, inner.where) : inner;
    return event instanceof Json ? eventIn(event, inside) : undefined;
  }
  return text ? read('text', text, inner.where, inside) : parsed(inner, inside);
}

function inEnvelope({ contentKind, body, isBase64Encoded, variables }: Envelope, around: Around): Meaning {
  const inside = { ...around, enveloped: true, variables };
  if (body === undefined) return data(Buffer.alloc(0), inside);
  const text = Buffer.from(body.string ?? body.text);
  if (isBase64Encoded) {
    const bytes = readBase64(text, body.where);
    return contentKind === 'json' ? read('json', bytes, body.where, inside) : data(bytes, inside);
  }
  // Some gateways parse JSON themselves, and upstream takes an object as it is.
  if (body.kind !== 'string') return parsed(body, inside);
  if (contentKind !== 'binary') return read(contentKind, text, body.where, inside);
  const isText = !(readText(text, body.where) instanceof InvocationError);
  return isText ? read('text', text, body.where, inside) : data(text, inside);
}

function parsed(json: Json, around: Around): Meaning {
  return eventIn(json, around) ?? data(Buffer.from(json.text), around);
}
