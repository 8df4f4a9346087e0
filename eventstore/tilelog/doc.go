// Package tilelog keeps Merkle tree logs as static files in the layout of
// c2sp.org/tlog-tiles: bundles of entries, tiles of RFC 6962 hashes, and a
// checkpoint that is signed as an Ed25519 note. It knows nothing of what the
// entries say, nor of where they come from.
//
// A log grows in rounds. Append writes the bundles and tiles of more entries,
// Sync puts what all logs of a folder wrote on disk, Sign makes the checkpoint,
// and Publish puts it in its place by a rename. Until then nothing points to
// what was written, so a crash at any point leaves the log as it was last
// published, and the next Append writes the same files again: recovery is no
// other code than a round. What Append starts from is read back and proved
// against the root every time; nothing but size and root is kept in memory.
//
// A partial tile or bundle stays until the full one is published, so that
// whoever holds an earlier checkpoint can go on reading.
package tilelog
