// Package eventstore keeps the ledgers: one JetStream stream that is the truth,
// one writer that decides and appends, the keys of personal data, and reading
// back what was written.
//
// A command travels like this. Execute seals the personal data that it carries
// and queues it. The writer takes what queued while the last write was being
// synced, at most one command of each group, decides each on acknowledged
// state and appends all events as one message, a commit. Only when the stream
// has acknowledged the commit are its events applied and the callers answered.
// Every append is fenced by the sequence that it must follow, so of two
// processes that write to one stream never both succeed on the same state.
//
// Beside the stream each group has a signed tile log (tilelog), which follows it
// within a second: proof for anybody, and a second copy. At start every line that
// was signed for is held against it, and what the stream lost is taken from it;
// of a large stream only what came after a mark, and the rest beside the work.
// Repair writes a whole stream again. Reading goes through the log, which has a
// group's events together, and from there on through the stream.
//
// The ledgers that were used last are in memory, as many as there is room for, each
// once (package ledgers): the writer decides on them, and readers get snapshots of
// their states, which never change and for which the writer copies nothing. Another
// ledger is read up, from its log, before it is needed.
//
// The same code applies a commit when it is replayed at start, when it comes
// from another process and when it is this process's own: what is applied was
// decoded from the bytes that are stored.
package eventstore
