// Knows that the process which loaded it (wrangler) must not outlive the one that started it (the launcher).
// Must not know either. Loaded by `--import`; the launcher holds the other end of the channel.

process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
