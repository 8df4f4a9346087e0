// Package ledgers keeps the ledgers that were used last in memory, each once: for
// the writer, who decides on it, and for readers, who get snapshots of its state and
// states as they were known earlier. One budget is for all of it; what was used
// longest ago is evicted first, and read up again when it is asked for.
//
// It imports commit and domain; where events are read from is given to it. Start with
// Cache (cache.go), then Ledger (ledger.go).
package ledgers
