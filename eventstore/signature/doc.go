// Package signature checks what people signed with their passkeys, with nothing
// but the ledger itself: no server, no clock and no list of keys beside it.
//
// A signature is a Web Authentication assertion (level 3, section 7.2) whose
// challenge is the SHA-256 of a statement. That proves that the key signed this
// statement, to this server's name, with its owner present and verified; what
// the statement says, and that it says what the event says, is
// domain.Statement's to tell. Whose key it is rests on the event that registered
// it, recorded as that person.
package signature
