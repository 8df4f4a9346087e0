// Package eventstore keeps the ledgers: one JetStream stream that is the truth,
// one writer that decides and appends, the keys of personal data, and reading
// back what was written.
//
// A command travels like this. Execute (execute.go) seals the personal data that it
// carries and queues it. The writer (writer.go) takes what queued while the last write
// was being synced, at most one command of each group, decides each on acknowledged
// state and appends all events as one message, a commit. Only when the stream
// has acknowledged the commit are its events applied and the callers answered.
// Every append is fenced by the sequence that it must follow, so of two
// processes that write to one stream never both succeed on the same state.
//
// The rooms, from the ground up; each imports only those before it:
//
//	commit    the bytes of an event and of a commit, and the errors that all know
//	ledgers   the ledgers that were used last, in memory, for the writer and for readers
//	stream    the stream, the server, the data folder, where each event lies
//	keys      people's keys, sealing, erasure
//	logs      the signed logs, their copies, and reading ledgers
//	(here)    Execute, the queue, the writer, forwarding to another node, health
//	recovery  importing, repairing
//
// Beside them are the formats of proof: tilelog, witness, evidence, signature; trace
// carries trace ids, and storetest has what tests share. A test keeps these arrows
// (domain, TestImportBans).
//
// The same code applies a commit when it is replayed at start, when it comes
// from another process and when it is this process's own: what is applied was
// decoded from the bytes that are stored.
//
// Start with Store and Open (store.go), then Execute, then writer.go.
package eventstore
