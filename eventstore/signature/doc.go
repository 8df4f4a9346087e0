// Package signature checks what people signed with their passkeys, with nothing
// but the ledger itself: no server, no clock and no list of keys beside it.
//
// A signature is a Web Authentication assertion (level 3, section 7.2) whose
// challenge is the SHA-256 of a statement. That proves that the key signed this
// statement, to this server's name, with its owner present and verified; what
// the statement says, and that it says what the event says, is
// domain.Statement's to tell. Whose key it is rests on the event that registered
// it, recorded as that person.
//
// GRAMMAR.md says how a signature and its key may be written, with bounds. It is checked
// in one place, Verify and CheckPasskey, by the server before it takes anything and by
// every verifier after. What is not of that form is an ErrForm: not proved.
//
// Start reading in GRAMMAR.md, then assertion.go and checker.go. It imports domain.
package signature
