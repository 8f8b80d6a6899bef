/** The errors that Engine.IO answers requests with. Knows their codes, and nothing of what leads to them. */

export const REFUSAL = {
  unknownTransport: { code: 0, message: "Transport unknown" },
  unknownSession: { code: 1, message: "Session ID unknown" },
  badMethod: { code: 2, message: "Bad handshake method" },
  badRequest: { code: 3, message: "Bad request" },
  forbidden: { code: 4, message: "Forbidden" },
  unknownVersion: { code: 5, message: "Unsupported protocol version" },
} as const;

export type Refusal = keyof typeof REFUSAL;
