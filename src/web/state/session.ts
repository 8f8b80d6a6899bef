/** Who is logged in, here and after a reload. Knows nothing of chats. */

import { signal } from "@preact/signals";
import { request } from "../api/http.ts";
import type { Session } from "../api/shapes.ts";

const KEY = "parlance.session";

function stored(): Session | null {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "null") as Session | null;
  } catch {
    return null;
  }
}

export const session = signal<Session | null>(stored());

function begin(next: Session | null): void {
  session.value = next;
  if (next === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, JSON.stringify(next));
}

/** @throws Problem */
export async function enter(how: "login" | "register", username: string, password: string): Promise<void> {
  begin(await request<Session>("POST", `/auth/${how}`, null, { username, password }));
}

export async function leave(): Promise<void> {
  const token = session.value?.token ?? null;
  begin(null);
  // The token is forgotten here in any case; the server forgets it when it can be reached.
  await request("POST", "/auth/logout", token).catch(() => undefined);
}

/** The token stands no more. */
export const expire = (): void => begin(null);
