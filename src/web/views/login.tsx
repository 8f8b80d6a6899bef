/**
 * Knows how one logs in, or makes an account, and what to say where that fails.
 * Must not know any chat.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Problem } from "../api/http.ts";
import { explain } from "../state/notice.ts";
import { expired, login, register } from "../state/session.ts";
import { TEXT } from "../text.ts";

const FIELDS = {
  username: { type: "text", required: true, maxLength: 64 },
  password: { type: "password", required: true, maxLength: 128 },
  name: { type: "text", required: false, maxLength: 200 },
} as const;
type Field = keyof typeof FIELDS;

/** Seconds until one may try again; 0 where one may. */
function useCountdown() {
  const left = useSignal(0);
  const timer = useRef<ReturnType<typeof setInterval> | undefined>(undefined);
  useEffect(() => () => clearInterval(timer.current), []);
  const start = (seconds: number): void => {
    const until = Date.now() + seconds * 1_000;
    left.value = seconds;
    clearInterval(timer.current);
    timer.current = setInterval(() => {
      left.value = Math.max(0, Math.ceil((until - Date.now()) / 1_000));
      if (left.value === 0) clearInterval(timer.current);
    }, 250);
  };
  return { left, start };
}

export function Login() {
  const isNew = useSignal(false);
  const errors = useSignal<Readonly<Record<string, string>>>({});
  const message = useSignal("");
  const busy = useSignal(false);
  const wasLocked = useSignal(false);
  const { left, start } = useCountdown();
  const form = useRef<HTMLFormElement>(null);
  const locked = left.value > 0;

  useEffect(() => {
    form.current?.querySelector<HTMLInputElement>('[aria-invalid="true"]')?.focus();
  }, [errors.value]);

  function lock(seconds: number): void {
    wasLocked.value = true;
    start(seconds);
  }

  async function submit(data: FormData): Promise<void> {
    const value = (name: Field): string => {
      const given = data.get(name);
      return typeof given === "string" ? given : "";
    };
    busy.value = true;
    message.value = "";
    wasLocked.value = false;
    errors.value = {};
    try {
      if (isNew.value) await register(value("username").trim(), value("password"), value("name").trim());
      else await login(value("username").trim(), value("password"));
    } catch (error) {
      if (error instanceof Problem && error.code === "rate.limited") lock(Math.max(1, error.retryAfter));
      else if (error instanceof Problem && Object.keys(error.fields).some((name) => name in FIELDS))
        errors.value = error.fields;
      else message.value = explain(error);
    } finally {
      busy.value = false;
    }
  }

  const field = (name: Field, autocomplete: string, hint = "") => {
    const wrong = errors.value[name];
    return (
      <div class="field">
        <label for={name}>{TEXT[name]}</label>
        <input
          id={name}
          name={name}
          {...FIELDS[name]}
          autocomplete={autocomplete}
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={wrong !== undefined}
          aria-describedby={`${name}-note`}
        />
        <span class={wrong === undefined ? "note" : "error"} id={`${name}-note`}>
          {wrong === undefined ? hint : TEXT.wrong(TEXT[name], wrong)}
        </span>
      </div>
    );
  };

  return (
    <main class="login">
      <form
        ref={form}
        aria-labelledby="welcome"
        onSubmit={(event) => {
          event.preventDefault();
          if (!locked && !busy.value) void submit(new FormData(event.currentTarget));
        }}
      >
        <img src="/favicon.svg" alt="" width={56} height={56} />
        <h1 id="welcome">{isNew.value ? TEXT.welcomeNew : TEXT.welcome}</h1>
        {expired.value && message.value === "" && <p class="note">{TEXT.expired}</p>}
        {field("username", "username", isNew.value ? TEXT.usernameHint : "")}
        {field("password", isNew.value ? "new-password" : "current-password", isNew.value ? TEXT.passwordHint : "")}
        {isNew.value && field("name", "name")}
        <p class="error" role="alert">
          {locked ? TEXT.lockedOut : wasLocked.value ? TEXT.unlocked : message.value}
        </p>
        {locked && (
          <p class="note" role="timer">
            {TEXT.tryIn(left.value)}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy.value || locked}>
          {isNew.value ? TEXT.register : TEXT.login}
        </button>
        <button
          type="button"
          class="link"
          onClick={() => {
            isNew.value = !isNew.value;
            errors.value = {};
            message.value = "";
          }}
        >
          {isNew.value ? TEXT.toLogin : TEXT.toRegister}
        </button>
      </form>
    </main>
  );
}
