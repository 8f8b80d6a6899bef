/**
 * Which of the user's tokens stand, so that the directory is asked once for each and not for every connection. To be kept
 * only while the user is online: whatever ends a token is told to the Inbox of whoever is online before it is answered.
 * Knows no connection.
 */

import type { Actor } from "../../core/people.ts";
import type { Tokens } from "../../core/ports.ts";

export class Standing {
  readonly #tokens: Pick<Tokens, "user">;
  readonly #holders = new Map<string, string>();
  #ends = 0;

  constructor(tokens: Pick<Tokens, "user">) {
    this.#tokens = tokens;
  }

  /** The username of whoever the token speaks for, at most one query of the directory; null: it does not stand. */
  async holder({ userId, appId }: Actor, tokenId: string): Promise<string | null> {
    for (;;) {
      const known = this.#holders.get(tokenId);
      if (known !== undefined) return known;
      const ends = this.#ends;
      const user = await this.#tokens.user(tokenId);
      if (user === null || user.id !== userId || user.appId !== appId) return null;
      // What was ended while the directory was asked may have been missed by its answer.
      if (ends === this.#ends) return user.username;
    }
  }

  keep(tokenId: string, username: string): void {
    this.#holders.set(tokenId, username);
  }

  /** The token was ended; with null any of them may have been. */
  end(tokenId: string | null): void {
    this.#ends++;
    if (tokenId === null) this.#holders.clear();
    else this.#holders.delete(tokenId);
  }
}
