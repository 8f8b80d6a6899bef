/** Media as `messenger` names them: by the address that an upload has answered. Knows addresses; knows no storage. */

const PATH = /^\/v1\/attachments\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The attachment to which an address of ours leads, absolute under `origin` or relative to it; null for any other. */
export function attachmentAt(address: string, origin: string): string | null {
  const url = URL.parse(address, origin);
  if (url === null || url.origin !== origin) return null;
  return PATH.exec(url.pathname)?.[1] ?? null;
}
