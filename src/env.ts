/** The bindings and settings of the Worker and its objects. Knows their shapes, and nothing of what is done with them. */

export interface Env {
  readonly CHAT: DurableObjectNamespace;
  readonly INBOX: DurableObjectNamespace;
  readonly GATEWAY: DurableObjectNamespace;
  readonly LOBBY: DurableObjectNamespace;
  readonly THROTTLE: DurableObjectNamespace;
  readonly DB: D1Database;
  readonly FILES: R2Bucket;
  readonly ASSETS: Fetcher;
  /** Signs user tokens and attachment links; without it nothing is served. */
  readonly TOKEN_SECRET?: string;
  /** The first operator, an admin, for as long as both stand here. */
  readonly OPERATOR_EMAIL?: string;
  readonly OPERATOR_PASSWORD?: string;
  /** "1" opens the default app to the `events` dialect without a key (local development). */
  readonly DEFAULT_APP_OPEN?: string;
  /** "1" (local development) lets tenants' addresses be on this machine or in a private network, and keeps the local tools from compressing. */
  readonly DEVELOPMENT?: string;
  /** Frames that one connection may send in a second, and at once; numbers, where the built-in ones do not fit. */
  readonly FRAMES_PER_SECOND?: string;
  readonly FRAME_BURST?: string;
  /** The origin that clients see, where it is not the one of the request, e.g. "https://chat.example.com". */
  readonly PUBLIC_URL?: string;
}
