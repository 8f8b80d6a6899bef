/** Logging in, or making an account. Knows the session; knows no chat. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Problem } from "../api/http.ts";
import { enter } from "../state/session.ts";
import { TEXT } from "../text.ts";

export function Login() {
  const how = useSignal<"login" | "register">("login");
  const errors = useSignal<Readonly<Record<string, string>>>({});
  const busy = useSignal(false);
  const locked = useSignal(0);

  useEffect(() => {
    const timer = setInterval(() => {
      if (locked.value > 0) locked.value--;
    }, 1_000);
    return () => clearInterval(timer);
  }, [locked]);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const value = (name: string): string => {
      const given = data.get(name);
      return typeof given === "string" ? given : "";
    };
    busy.value = true;
    errors.value = {};
    try {
      await enter(how.value, value("username"), value("password"));
    } catch (error) {
      if (!(error instanceof Problem)) errors.value = { "": TEXT.offline };
      else if (error.code === "rate.limited") locked.value = error.retryAfter;
      else errors.value = Object.keys(error.fields).length > 0 ? error.fields : { "": error.detail };
    } finally {
      busy.value = false;
    }
  }

  const field = (name: "username" | "password", type: string, autocomplete: string) => (
    <label>
      {TEXT[name]}
      <input
        name={name}
        type={type}
        required
        autocomplete={autocomplete}
        aria-invalid={errors.value[name] !== undefined}
        aria-describedby={`${name}-error`}
      />
      <span class="error" id={`${name}-error`}>
        {errors.value[name]}
      </span>
    </label>
  );

  const register = how.value === "register";
  return (
    <main class="login">
      <form onSubmit={submit}>
        <h1>{TEXT.title}</h1>
        {field("username", "text", "username")}
        {field("password", "password", register ? "new-password" : "current-password")}
        <p class="error" role="alert">
          {locked.value > 0 ? TEXT.locked(locked.value) : errors.value[""]}
        </p>
        <button class="primary" disabled={busy.value || locked.value > 0}>
          {register ? TEXT.register : TEXT.login}
        </button>
        <button
          type="button"
          class="link"
          onClick={() => {
            how.value = register ? "login" : "register";
            errors.value = {};
          }}
        >
          {register ? TEXT.toLogin : TEXT.toRegister}
        </button>
      </form>
    </main>
  );
}
