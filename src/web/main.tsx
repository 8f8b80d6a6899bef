/** The page: who is not logged in logs in, who is sees their chats. Ties the views together; knows no transport. */

import { render } from "preact";
import { connected, current } from "./state/chats.ts";
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
      {!connected.value && (
        <p class="banner" role="status">
          {TEXT.lost}
        </p>
      )}
      <Sidebar />
      {chat === undefined ? <p class="hint nothing">{TEXT.pick}</p> : <Conversation key={chat.id} chat={chat} />}
    </main>
  );
}

start();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
