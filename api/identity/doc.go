// Package identity finds out who asks, and lets people sign in: with a passkey,
// by an invitation, with their organisation's account, with a token; programs by
// a token, feed readers by the key of one feed. It knows nothing of what somebody
// may do: that is in the ledger alone.
//
// What the others use of it: Identity.Who, ByToken and Used, and Signed for a
// signature on a command. Its pages and operations it offers by itself.
//
// It may import problem, caller, operation, guard and access, besides web and its
// pages of signing in. Start reading at Identity.Who, then signin.go.
package identity
