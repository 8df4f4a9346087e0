// Package simulation plays what can go wrong, under a clock of its own: for tests only.
//
// A store runs unmodified in a bubble of testing/synctest, with nats.go and all its
// goroutines, so that minutes pass in milliseconds. It is connected to a server in memory
// (wire_test.go, server_test.go, memory_test.go) that speaks NATS's protocol as far as a
// store does. TestTheFakeAnswersAsTheServer gives the same acts to it and to the real
// server: the answers are the same. The signed logs are written through a disk that knows
// what a power cut would leave (disk_test.go).
//
// A seed makes a script (script_test.go): people in three groups send commands to one node
// or two; requests and answers are lost, late or doubled; nodes are stopped, killed and lose
// their power at any message and any step of the disk; the server loses its power with a
// write on the way; networks are cut; clocks jump; disks are slow or full. People send what
// was not answered again, under the same id, until they have an answer (people_test.go).
// People are erased, and whoever runs the nodes copies the wrapping key to those that lack
// it (erasure_test.go); in every third script a witness cosigns the logs, and is late, deaf
// or down (witness_test.go). Mail stands above a store: api/mail/faults_test.go plays it.
//
// After each step (truth_test.go) what the server acknowledged is folded anew, and all is
// held against it:
//
//   - Nothing that was acknowledged is lost or doubled. An answer names the events that are
//     there; one that says that nothing was recorded is right.
//   - There is one history: each node applied these messages, in this order, each once.
//   - Every command, decided again on all that was recorded before it, makes the same
//     events, byte for byte; every refusal is one on the events that it names, which are no
//     fewer than anybody knew of when the command was sent.
//   - Every state that a node answers with is that of its events, now and as known earlier.
//   - Checkpoints are signed for what is acknowledged, and only for more; what a node that
//     died left of its logs is whole.
//   - Nobody who is erased can be read at a node that tells of it, and at the end nobody's
//     key is left; everybody else can be read.
//   - A witness cosigns what is acknowledged, and only ever more of it; at the end all of it.
//   - No group stops, since none is damaged. Once the faults end, everybody is answered, and
//     all nodes have, and sign for, the same.
//
// A script that breaks one of these is made shorter as long as it does, and printed with
// its seed. The rules themselves are held against a model of their own in domain/model;
// here domain decides again, on a fold of its own.
package simulation
