// Package witness is both sides of the C2SP tlog-witness protocol: the server
// with which somebody else, the LMC say, cosigns the checkpoints of a log, and
// the pusher with which a log collects such cosignatures.
//
// A witness cosigns a checkpoint only if it extends the one that it cosigned
// before. Whoever runs the log can then show nobody another history without the
// witness's help. It knows nothing of what the log holds: checkpoints are a
// size and a hash. See c2sp.org/tlog-witness, c2sp.org/tlog-cosignature and
// c2sp.org/tlog-checkpoint.
package witness
