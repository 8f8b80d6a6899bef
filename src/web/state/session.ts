/**
 * Knows who is logged in: here, in the other tabs, and after a reload. Asks in their name.
 * Must not know anything of chats.
 */

import { signal } from "@preact/signals";
import { Problem, request } from "../api/http.ts";
import type { Session } from "../api/shapes.ts";
import { load, save } from "./storage.ts";

const KEY = "parlance.session";

const stored = (): Session | null => load(localStorage, KEY) as Session | null;

export const session = signal<Session | null>(stored());

function begin(next: Session | null): void {
  session.value = next;
  save(localStorage, KEY, next);
}

/** @throws Problem */
export async function login(username: string, password: string): Promise<void> {
  begin(await request<Session>("POST", "/auth/login", null, { username, password }));
}

/** @throws Problem */
export async function register(username: string, password: string, name: string): Promise<void> {
  const named = name === "" ? {} : { name };
  begin(await request<Session>("POST", "/auth/register", null, { username, password, ...named }));
}

export async function logout(): Promise<void> {
  const token = session.peek()?.token ?? null;
  begin(null);
  // The token is forgotten here in any case; the server forgets it when it can be reached.
  await request("POST", "/auth/logout", token).catch(() => undefined);
}

/** @throws Problem */
export async function ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const token = session.peek()?.token ?? null;
  try {
    return await request<Answer>(method, path, token, body);
  } catch (error) {
    // The token stands no more; but a newer one may.
    if (error instanceof Problem && error.code.startsWith("auth.") && session.peek()?.token === token) begin(null);
    throw error;
  }
}

export function followOtherTabs(): void {
  addEventListener("storage", ({ key }) => {
    if (key !== KEY && key !== null) return;
    const other = stored();
    if (other?.token !== session.peek()?.token) session.value = other;
  });
}
