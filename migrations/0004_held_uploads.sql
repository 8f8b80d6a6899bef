-- An upload goes with one message. The chat that is asked to take it has it held before it commits the message: no other
-- takes it up meanwhile. `chat_id` says where it was sent to, once it was.

ALTER TABLE attachments ADD COLUMN held_for INTEGER;
