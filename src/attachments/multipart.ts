/**
 * Reads `multipart/form-data` as it arrives, holding no more than one chunk and one part's header.
 * Knows the format (RFC 2046, 7578, and what browsers do); must not know which fields are wanted.
 */

import { invalid } from "../core/errors.ts";
import { parseDisposition } from "./part-header.ts";

export interface Part {
  readonly name: string;
  /** As sent: it may be a path, empty, or hostile. Null where the field is no file. */
  readonly filename: string | null;
  /** As declared. */
  readonly contentType: string | null;
  /** To be read, once, before the next part is asked for; what is left of it then is skipped. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Bytes of one part's header. */
const HEADER_BYTES = 8 * 1024;
/** Parts of one form: each costs work even when it is empty. */
const PARTS = 100;

const BLANK_LINE = latin1("\r\n\r\n");

const malformed = (what: string) => invalid("body", `is not valid multipart/form-data: ${what}`);

/**
 * The boundary that `contentType` names, or null where it is not `multipart/form-data`.
 * @throws input.invalid where it is, and names none
 */
export function boundaryOf(contentType: string | null): string | null {
  const [type = "", ...parameters] = (contentType ?? "").split(";");
  if (type.trim().toLowerCase() !== "multipart/form-data") return null;
  const match = /^\s*boundary=(?:"([^"]*)"|([^\s"]*))\s*$/i;
  const boundary = parameters.map((parameter) => match.exec(parameter)).find((found) => found !== null);
  const text = boundary?.[1] ?? boundary?.[2] ?? "";
  if (!/^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/.test(text)) throw malformed("it names no boundary");
  return text;
}

/**
 * The parts of `source` in their order.
 * @throws input.invalid where it breaks the format or ends early; what `source` throws
 */
export async function* readMultipart(source: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part, void> {
  const input = source[Symbol.asyncIterator]();
  const delimiter = latin1(`\r\n--${boundary}`);
  // The first boundary may stand at the very beginning; with a line break before it, it is like all others.
  const reader = new DelimitedReader(input, latin1("\r\n"));
  try {
    await reader.skip(delimiter);
    for (let count = 1; !(await reader.startsWith("--")); count++) {
      if (count > PARTS) throw malformed(`it has more than ${PARTS} parts`);
      const header = parseHeader(await reader.text(BLANK_LINE, HEADER_BYTES));
      reader.open();
      yield { ...header, body: reader.until(delimiter) };
      await reader.skip(delimiter);
    }
    while (!(await input.next()).done); // What follows the last boundary means nothing.
  } finally {
    await input.return?.();
  }
}

function parseHeader(block: string): Omit<Part, "body"> {
  // The first line is the rest of the boundary's own, where nothing but white space may stand.
  const [rest = "", ...lines] = block.split("\r\n");
  if (!/^[ \t]*$/.test(rest)) throw malformed("something follows a boundary on its line");
  const value = (field: string): string | null => {
    const line = lines.find((candidate) => candidate.slice(0, field.length + 1).toLowerCase() === `${field}:`);
    return line?.slice(field.length + 1).trim() ?? null;
  };
  const disposition = parseDisposition(value("content-disposition") ?? "");
  if (disposition === null) throw malformed("a part has no name");
  return { ...disposition, contentType: value("content-type") };
}

/** A stream of bytes, read up to delimiters. */
class DelimitedReader {
  readonly #input: AsyncIterator<Uint8Array>;
  #held: Uint8Array;
  /** Whether a delimiter is still to come that `until` or `skip` has not met. */
  #open = true;

  constructor(input: AsyncIterator<Uint8Array>, before: Uint8Array) {
    this.#input = input;
    this.#held = before;
  }

  /** What comes next is to be read to its delimiter. */
  open(): void {
    this.#open = true;
  }

  /** The bytes before the next `delimiter`, which is taken too. Leaving it early loses nothing: another `until` goes on. */
  async *until(delimiter: Uint8Array): AsyncGenerator<Uint8Array, void> {
    while (this.#open) {
      const at = find(this.#held, delimiter);
      const end = at ?? this.#held.length - beginning(this.#held, delimiter);
      const content = this.#held.subarray(0, end);
      this.#held = this.#held.subarray(at === null ? end : at + delimiter.length);
      this.#open = at === null;
      if (content.length > 0) yield content;
      else if (this.#open) await this.#more();
    }
  }

  async skip(delimiter: Uint8Array): Promise<void> {
    for await (const _ of this.until(delimiter));
  }

  /** The text before the next `delimiter`, of at most `most` bytes. */
  async text(delimiter: Uint8Array, most: number): Promise<string> {
    this.open();
    const decoder = new TextDecoder();
    let bytes = 0;
    let text = "";
    for await (const chunk of this.until(delimiter)) {
      bytes += chunk.length;
      if (bytes > most) throw malformed(`a part's header has more than ${most} bytes`);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  }

  /** Whether what comes next is `mark`. */
  async startsWith(mark: string): Promise<boolean> {
    while (this.#held.length < mark.length) await this.#more();
    return matches(this.#held, 0, latin1(mark), mark.length);
  }

  async #more(): Promise<void> {
    const next = await this.#input.next();
    if (next.done === true) throw malformed("it ends early");
    if (this.#held.length === 0) {
      this.#held = next.value;
      return;
    }
    const joined = new Uint8Array(this.#held.length + next.value.length);
    joined.set(this.#held);
    joined.set(next.value, this.#held.length);
    this.#held = joined;
  }
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Where `delimiter` stands in `bytes` first. Delimiters begin with CR and hold few of them, so it takes linear time. */
function find(bytes: Uint8Array, delimiter: Uint8Array): number | null {
  for (let at = bytes.indexOf(0x0d); at >= 0; at = bytes.indexOf(0x0d, at + 1)) {
    if (matches(bytes, at, delimiter, delimiter.length)) return at;
  }
  return null;
}

/** How many bytes at the end of `bytes` may be the beginning of `delimiter`. */
function beginning(bytes: Uint8Array, delimiter: Uint8Array): number {
  for (let length = Math.min(bytes.length, delimiter.length - 1); length > 0; length--) {
    if (matches(bytes, bytes.length - length, delimiter, length)) return length;
  }
  return 0;
}

function matches(bytes: Uint8Array, at: number, pattern: Uint8Array, length: number): boolean {
  for (let n = 0; n < length; n++) {
    if (bytes[at + n] !== pattern[n]) return false;
  }
  return true;
}
