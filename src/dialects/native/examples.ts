/** Bodies as they may be sent to the native routes, for the OpenAPI document; a test sends them. */

export const nativeExamples = {
  "POST /v1/auth/register": { username: "ann", password: "correct horse battery", name: "Ann Lee" },
  "POST /v1/auth/login": { username: "ann", password: "correct horse battery" },
  "PATCH /v1/me": { name: "Ann Lee" },
  "POST /v1/chats": { members: [2], title: "Team" },
  "PATCH /v1/chats/{id}": { title: "The team" },
  "PUT /v1/chats/{id}/members/{user}": { role: "admin" },
  "POST /v1/chats/{id}/messages": { text: "hello", client_id: "5f0c" },
  "PATCH /v1/chats/{id}/messages/{message}": { text: "hello!" },
  "POST /v1/chats/{id}/read": { up_to: 16_777_217 },
} as const;
