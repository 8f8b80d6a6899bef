/**
 * Knows how one logs in, or makes an account, and what to say where that fails.
 * Must not know any chat.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Problem } from "../api/http.ts";
import { login, register } from "../state/session.ts";
import { TEXT } from "../text.ts";

const FIELDS = {
  username: { type: "text", required: true },
  password: { type: "password", required: true },
  name: { type: "text", required: false },
} as const;
type Field = keyof typeof FIELDS;

export function Login() {
  const isNew = useSignal(false);
  const errors = useSignal<Readonly<Record<string, string>>>({});
  const message = useSignal("");
  const busy = useSignal(false);
  const locked = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    form.current?.querySelector<HTMLInputElement>('[aria-invalid="true"]')?.focus();
  }, [errors.value]);

  function lock(seconds: number): void {
    locked.value = true;
    message.value = TEXT.locked(seconds);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      locked.value = false;
      message.value = TEXT.unlocked;
    }, seconds * 1_000);
  }

  async function submit(data: FormData): Promise<void> {
    const value = (name: Field): string => {
      const given = data.get(name);
      return typeof given === "string" ? given : "";
    };
    busy.value = true;
    message.value = "";
    errors.value = {};
    try {
      if (isNew.value) await register(value("username").trim(), value("password"), value("name").trim());
      else await login(value("username").trim(), value("password"));
    } catch (error) {
      if (!(error instanceof Problem)) message.value = TEXT.offline;
      else if (error.code === "rate.limited") lock(Math.max(1, error.retryAfter));
      else if (Object.keys(error.fields).some((name) => name in FIELDS)) errors.value = error.fields;
      else message.value = error.detail === "" ? TEXT.failed : error.detail;
    } finally {
      busy.value = false;
    }
  }

  const field = (name: Field, autocomplete: string) => {
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
          aria-invalid={wrong !== undefined}
          aria-describedby={`${name}-error`}
        />
        <span class="error" id={`${name}-error`}>
          {wrong !== undefined && TEXT.wrong(TEXT[name], wrong)}
        </span>
      </div>
    );
  };

  return (
    <main class="login">
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault();
          void submit(new FormData(event.currentTarget));
        }}
      >
        <h1>
          <img src="/favicon.svg" alt="" width={40} height={40} /> {TEXT.title}
        </h1>
        {field("username", "username")}
        {field("password", isNew.value ? "new-password" : "current-password")}
        {isNew.value && field("name", "name")}
        <p class="error" role="alert">
          {message.value}
        </p>
        <button type="submit" class="primary" disabled={busy.value || locked.value}>
          {isNew.value ? TEXT.register : TEXT.login}
        </button>
        <button
          type="button"
          class="link"
          onClick={() => {
            isNew.value = !isNew.value;
            errors.value = {};
            if (!locked.value) message.value = "";
          }}
        >
          {isNew.value ? TEXT.toLogin : TEXT.toRegister}
        </button>
      </form>
    </main>
  );
}
