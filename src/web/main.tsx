/**
 * Knows how the page begins, and that who is not logged in logs in and who is sees their chats.
 * Must not know what either looks like.
 */

import "./styles/base.css";
import "./styles/controls.css";
import "./styles/login.css";
import "./styles/layout.css";
import "./styles/sidebar.css";
import "./styles/conversation.css";
import "./styles/message.css";
import "./styles/composer.css";
import "./styles/info.css";
import "./styles/console.css";
import { render } from "preact";
import { current } from "./state/chats.ts";
import { start } from "./state/live.ts";
import { route } from "./state/route.ts";
import { session } from "./state/session.ts";
import { installShell } from "./shell.ts";
import { TEXT } from "./text.ts";
import { Banner, Notice } from "./views/banner.tsx";
import { Conversation } from "./views/conversation.tsx";
import { Info } from "./views/info.tsx";
import { Login } from "./views/login.tsx";
import { Sidebar } from "./views/sidebar.tsx";

function App() {
  if (session.value === null) return <Login />;
  const chat = current.value;
  const info = chat !== undefined && route.value.info;
  return (
    <div class={`app ${chat === undefined ? "" : "open"} ${info ? "with-info" : ""}`}>
      <Banner />
      <Sidebar />
      <main>
        <h1 class="unseen">{TEXT.title}</h1>
        {chat === undefined ? <p class="hint nothing">{TEXT.pick}</p> : <Conversation key={chat.id} chat={chat} />}
        {info && <Info key={`about ${chat.id}`} chat={chat} />}
      </main>
      <Notice />
    </div>
  );
}

async function begin(root: HTMLElement): Promise<void> {
  installShell();
  if (location.pathname.startsWith("/console")) {
    // Operators are few: their page comes when it is asked for.
    const { openConsole } = await import("./console/console.tsx");
    openConsole(root);
    return;
  }
  start(TEXT.title);
  render(<App />, root);
}

const root = document.getElementById("app");
if (root !== null) void begin(root);
