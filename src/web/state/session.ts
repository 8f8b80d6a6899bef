/**
 * Knows who is logged in: here, in the other tabs, and after a reload. Asks in their name.
 * Must not know anything of chats.
 */

import { signal } from "@preact/signals";
import { Problem, request } from "../api/http.ts";
import type { Person, Session } from "../api/shapes.ts";
import { load, save } from "./storage.ts";

const KEY = "parlance.session";

const stored = (): Session | null => load(localStorage, KEY) as Session | null;

export const session = signal<Session | null>(stored());
/** Whether the server has ended the session, so that the form can say why one is out. */
export const expired = signal(false);

export const selfId = (): number => session.peek()?.user.id ?? 0;

function begin(next: Session | null): void {
  session.value = next;
  save(localStorage, KEY, next);
}

/** @throws Problem */
export async function login(username: string, password: string): Promise<void> {
  begin(await request<Session>("POST", "/v1/auth/login", null, { username, password }));
}

/** @throws Problem */
export async function register(username: string, password: string, name: string): Promise<void> {
  const named = name === "" ? {} : { name };
  begin(await request<Session>("POST", "/v1/auth/register", null, { username, password, ...named }));
}

/** `everywhere`: on all of the user's devices. @throws Problem, and one stays logged in, where that can't be done */
export async function logout(everywhere: boolean): Promise<void> {
  const token = session.peek()?.token ?? null;
  expired.value = false;
  const ending = (): Promise<unknown> => request("POST", `/v1/auth/logout${everywhere ? "?everywhere=1" : ""}`, token);
  if (everywhere) await ending();
  begin(null);
  // The token is forgotten here in any case; the server forgets it when it can be reached.
  if (!everywhere) await ending().catch(() => undefined);
}

/** @throws Problem */
export async function ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const token = session.peek()?.token ?? null;
  try {
    return await request<Answer>(method, `/v1${path}`, token, body);
  } catch (error) {
    // The token stands no more; but a newer one may.
    if (error instanceof Problem && error.code.startsWith("auth.") && session.peek()?.token === token) {
      expired.value = true;
      begin(null);
    }
    throw error;
  }
}

/** @throws Problem */
export async function changeProfile(change: { name?: string; photo?: string | null }): Promise<void> {
  const now = session.peek();
  const user = await ask<Person>("PATCH", "/me", change);
  if (now !== null && session.peek()?.token === now.token) begin({ ...now, user });
}

export function followOtherTabs(): void {
  addEventListener("storage", ({ key }) => {
    if (key !== KEY && key !== null) return;
    const other = stored();
    if (other?.token !== session.peek()?.token || other?.user.name !== session.peek()?.user.name) session.value = other;
  });
}
