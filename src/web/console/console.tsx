/**
 * Knows the operators' page: who is not logged in logs in, and who is sees their apps or one of them.
 * Must not know the chats of anybody.
 */

import { signal, useSignal } from "@preact/signals";
import { render } from "preact";
import { useRef } from "preact/hooks";
import { explain } from "../state/notice.ts";
import { TEXT } from "../text.ts";
import { Notice } from "../views/banner.tsx";
import { Icon } from "../views/icons.tsx";
import { login, logout, operator } from "./api.ts";
import { AppPage } from "./app-page.tsx";
import { Apps } from "./apps.tsx";

const inAddress = (): number => Number(/^#\/apps\/(\d{1,15})$/.exec(location.hash)?.[1] ?? 0);
const shown = signal(inAddress());

export function openConsole(root: HTMLElement): void {
  addEventListener("hashchange", () => (shown.value = inAddress()));
  render(<Console />, root);
}

function Console() {
  const now = operator.value;
  if (now === null) return <Login />;
  return (
    <div class="console">
      <header>
        <img src="/favicon.svg" alt="" width={32} height={32} />
        <h1>{TEXT.consoleWelcome}</h1>
        <small>
          <bdi>{now.email}</bdi>
        </small>
        <button type="button" class="plain" onClick={logout}>
          <Icon name="leave" /> {TEXT.logout}
        </button>
      </header>
      <main>{shown.value === 0 ? <Apps /> : <AppPage key={shown.value} id={shown.value} />}</main>
      <Notice />
    </div>
  );
}

function Login() {
  const error = useSignal("");
  const busy = useSignal(false);
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);

  async function submit(): Promise<void> {
    busy.value = true;
    error.value = "";
    try {
      await login(email.current?.value ?? "", password.current?.value ?? "");
    } catch (thrown) {
      error.value = explain(thrown);
    } finally {
      busy.value = false;
    }
  }

  return (
    <main class="login">
      <form
        aria-labelledby="welcome"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <img src="/favicon.svg" alt="" width={56} height={56} />
        <h1 id="welcome">{TEXT.consoleWelcome}</h1>
        <div class="field">
          <label for="email">{TEXT.email}</label>
          <input id="email" ref={email} required autocomplete="username" autocapitalize="none" spellcheck={false} />
        </div>
        <div class="field">
          <label for="password">{TEXT.password}</label>
          <input id="password" ref={password} type="password" required autocomplete="current-password" />
        </div>
        <p class="error" role="alert">
          {error.value}
        </p>
        <button type="submit" class="primary" disabled={busy.value}>
          {TEXT.login}
        </button>
      </form>
    </main>
  );
}
