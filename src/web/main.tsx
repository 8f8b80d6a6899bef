/**
 * Knows how the page begins, and that who is not logged in logs in and who is sees their chats.
 * Must not know what either looks like.
 */

import "./styles/base.css";
import "./styles/login.css";
import "./styles/sidebar.css";
import "./styles/conversation.css";
import "./styles/message.css";
import { render } from "preact";
import { current } from "./state/chats.ts";
import { connected } from "./state/connection.ts";
import { start } from "./state/live.ts";
import { session } from "./state/session.ts";
import { TEXT } from "./text.ts";
import { Conversation } from "./views/conversation.tsx";
import { Login } from "./views/login.tsx";
import { Sidebar } from "./views/sidebar.tsx";

function App() {
  if (session.value === null) return <Login />;
  const chat = current.value;
  return (
    <main class={chat === undefined ? "app" : "app open"}>
      <p class="banner" role="status">
        {!connected.value && TEXT.lost}
      </p>
      <Sidebar />
      {chat === undefined ? <p class="hint nothing">{TEXT.pick}</p> : <Conversation key={chat.id} chat={chat} />}
    </main>
  );
}

start(TEXT.title);
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
