/** Bodies as they may be sent to the routes of `mobile`, for the OpenAPI document; a test sends them. */

const message = { receiver_id: 2, message: "hello", type: "text" };

export const mobileExamples = {
  "POST /users": { user_name: "cleo", password: "correct horse battery", first_name: "Cleo", last_name: "Poe" },
  "POST /authentication": { user_name: "cleo", password: "correct horse battery" },
  "POST /chats": message,
  "POST /chats/read": { chat_id: 2 },
  "POST /chats_v2": message,
  "POST /chat_rooms": { title: "The square", geo_latitude: 47.37, geo_longitude: 8.54, capacity: 20 },
  "POST /chat_rooms/{id}/message": { message: "hello", type: "text" },
} as const;
