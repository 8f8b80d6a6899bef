/**
 * Knows the operators' routes, and the operator who is logged in in this tab.
 * Must not know how anything looks.
 */

import { signal } from "@preact/signals";
import { Problem, request } from "../api/http.ts";
import { load, save } from "../state/storage.ts";

export interface App {
  readonly id: number;
  readonly applicationId: string;
  readonly name: string;
  readonly verifyUrl: string | null;
  readonly jwksUrl: string | null;
  readonly open: boolean;
  readonly readBeforeSend: boolean;
  readonly retentionDays: number | null;
  readonly hasKey: boolean;
  readonly createdAt: string;
}

/** Told once. */
export interface KeyedApp extends App {
  readonly key: string;
}

export interface Stats {
  readonly users: number;
  readonly chats: number;
  readonly online: number;
}

export interface AppUser {
  readonly id: number;
  readonly appUserId: number | string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly createdAt: string;
}

export interface Room {
  readonly id: number;
  readonly room: string | null;
  readonly name: string | null;
  readonly createdAt: string;
}

interface Operator {
  readonly token: string;
  readonly email: string;
}

const KEY = "parlance.operator";

/** For as long as the tab lives. */
export const operator = signal<Operator | null>(load(sessionStorage, KEY) as Operator | null);

function set(next: Operator | null): void {
  operator.value = next;
  save(sessionStorage, KEY, next);
}

/** @throws Problem */
export async function login(email: string, password: string): Promise<void> {
  const session = await request<Operator>("POST", "/auth/login", null, { email, password });
  set({ token: session.token, email: session.email });
}

export const logout = (): void => set(null);

/** @throws Problem */
async function ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  try {
    return await request<Answer>(method, path, operator.peek()?.token ?? null, body);
  } catch (error) {
    if (error instanceof Problem && error.code === "auth.invalid") logout();
    throw error;
  }
}

export const listApps = (): Promise<readonly App[]> => ask("GET", "/app?all=true");
export const createApp = (app: object): Promise<KeyedApp> => ask("POST", "/app", app);
export const changeApp = (id: number, patch: object): Promise<App> => ask("PATCH", `/app/${id}`, patch);
export const deleteApp = (id: number): Promise<unknown> => ask("DELETE", `/app/${id}`);
export const rotateKey = (id: number): Promise<KeyedApp> => ask("POST", `/app/${id}/key`, {});
export const statsOf = (id: number): Promise<Stats> => ask("GET", `/app/${id}/stats`);
export const onlineIn = (id: number): Promise<readonly AppUser[]> => ask("GET", `/app/${id}/online`);
export const usersOf = (id: number, limit: number): Promise<readonly AppUser[]> =>
  ask("GET", `/user/${id}?limit=${limit}`);
export const roomsOf = (id: number): Promise<readonly Room[]> => ask("GET", `/room?appId=${id}`);
