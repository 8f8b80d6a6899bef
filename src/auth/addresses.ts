/**
 * Which addresses of tenants the server may ask. Knows the forms of URLs and IP addresses, and which of them are not on the
 * public internet; asks nothing itself.
 */

/** What a name or an address leads to: this machine, another place that is not public, or the internet. */
type Reach = "loopback" | "private" | "public";

/** First and last address of the IPv4 blocks that are not globally reachable (IANA's registry of special purposes). */
const SPECIAL_V4: readonly (readonly [first: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** Names that lead to no public host, whatever they resolve to. */
const PRIVATE_NAMES =
  /(^|\.)(local|internal|intranet|lan|home|corp|private|localdomain|home\.arpa|test|example|invalid|onion)$/;

const V4 = /^\d{1,3}(\.\d{1,3}){3}$/;

const number = (v4: string): number => v4.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

function reachOfV4(address: string): Reach {
  const value = number(address);
  const isWithin = ([first, bits]: readonly [string, number]): boolean =>
    Math.floor(value / 2 ** (32 - bits)) === Math.floor(number(first) / 2 ** (32 - bits));
  if (isWithin(["127.0.0.0", 8])) return "loopback";
  return SPECIAL_V4.some(isWithin) ? "private" : "public";
}

/** The eight groups of an IPv6 address as numbers. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, head = "", a, b, c, d] = dotted ?? [];
  const hex = (high: string | undefined, low: string | undefined): string =>
    (Number(high) * 256 + Number(low)).toString(16);
  const plain = dotted === null ? address : `${head}${hex(a, b)}:${hex(c, d)}`;
  const [before = "", after] = plain.split("::");
  const parse = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [first, last] = [parse(before), parse(after ?? "")];
  return [...first, ...Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => 0), ...last];
}

const embedded = (high = 0, low = 0): string => [high >> 8, high & 255, low >> 8, low & 255].join(".");

function reachOfV6(address: string): Reach {
  const groups = groupsOf(address);
  const [a = 0, b = 0] = groups;
  const isZero = (from: number, to: number): boolean => groups.slice(from, to).every((group) => group === 0);
  if (isZero(0, 7) && groups[7] === 1) return "loopback";
  // IPv4 in another dress: mapped, translated (NAT64), 6to4.
  if (isZero(0, 5) && groups[5] === 0xffff) return reachOfV4(embedded(groups[6], groups[7]));
  if (a === 0x64 && b === 0xff9b && isZero(2, 6)) return reachOfV4(embedded(groups[6], groups[7]));
  if (a === 0x2002) return reachOfV4(embedded(b, groups[2]));
  // Only 2000::/3 is given out, less what is set apart in it: 2001::/23 (Teredo too), documentation.
  const isGlobal = a >= 0x2000 && a <= 0x3fff;
  const isSpecial = (a === 0x2001 && (b < 0x200 || b === 0xdb8)) || (a === 0x3fff && b < 0x1000);
  return isGlobal && !isSpecial ? "public" : "private";
}

/** What an IP address, as DNS writes it, leads to. */
export function reachOfAddress(address: string): Reach {
  return address.includes(":") ? reachOfV6(address) : V4.test(address) ? reachOfV4(address) : "private";
}

/** What the host of a URL leads to, as far as its name tells; `hostname` as `URL` gives it, which writes every form of IPv4 in one way. */
function reachOfHost(hostname: string): Reach {
  if (hostname.startsWith("[")) return reachOfV6(hostname.slice(1, -1));
  if (V4.test(hostname)) return reachOfV4(hostname);
  const name = hostname.replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost")) return "loopback";
  return PRIVATE_NAMES.test(name) || !name.includes(".") ? "private" : "public";
}

/** Whether the host of `url` is a name that has to be resolved before one knows where it leads. */
export const isName = ({ hostname }: URL): boolean => !hostname.startsWith("[") && !V4.test(hostname);

/**
 * Why the server may not ask `text`, or null. `development`: this machine and private networks may be asked, this machine
 * without TLS.
 */
export function refusalOf(text: string, development: boolean): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return "is no https address";
  if (url.username !== "" || url.password !== "") return "has credentials in it";
  const reach = reachOfHost(url.hostname);
  if (reach !== "public" && !development) return "is not on the public internet";
  if (url.protocol === "http:" && reach !== "loopback") return "is not https";
  return null;
}
