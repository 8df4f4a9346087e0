package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A Way says how it was known who acts (rule L5): its kind and, after a slash, its id.
// Ids are hashes of what only its owner or the server holds, so that none can be made
// to order. The name of a token, a device or an account is nowhere in a ledger (rule L7).
// "" is of an event that was recorded before the ledger said so.
type Way string

// Ways that have no id.
const (
	ByOperator Way = "operator" // the token of whoever runs the server
	ByLedger   Way = "ledger"   // the ledger itself, when something is due
)

// A WayKind is the kind of a way that has an id.
type WayKind string

const (
	PasskeyWay    WayKind = "passkey"    // a passkey that is kept on a device
	TokenWay      WayKind = "token"      // a token that a program or browser sends
	AccountWay    WayKind = "account"    // the account at the person's organisation
	InvitationWay WayKind = "invitation" // a code that is good once, to register a passkey with
	LetterWay     WayKind = "letter"     // a code that answers a letter to a practice, and nothing else
)

// wayID is how many hexadecimal digits the id of a way has: 128 bits, which nobody
// can make another secret for.
const wayID = 32

// WayOf is the way of that kind whose secret, credential or account has that SHA-256.
func WayOf(kind WayKind, hash [sha256.Size]byte) Way {
	return Way(string(kind) + "/" + hex.EncodeToString(hash[:])[:wayID])
}

// WayOfPasskey is the way in of the passkey with that credential.
func WayOfPasskey(credential []byte) Way { return WayOf(PasskeyWay, sha256.Sum256(credential)) }

// Kind is the kind of a way that has an id; else what there is of it.
func (w Way) Kind() WayKind {
	kind, _, _ := strings.Cut(string(w), "/")
	return WayKind(kind)
}

// Valid says whether it is a way, in its one spelling. None is not.
func (w Way) Valid() bool {
	if w == ByOperator || w == ByLedger {
		return true
	}
	kind, id, _ := strings.Cut(string(w), "/")
	switch WayKind(kind) {
	case PasskeyWay, TokenWay, AccountWay, InvitationWay, LetterWay:
	default:
		return false
	}
	return len(id) == wayID && strings.Trim(id, "0123456789abcdef") == ""
}

// Words say how the actor was known: "with a passkey". "" where it isn't known.
func (w Way) Words() string {
	switch w {
	case "":
		return ""
	case ByOperator:
		return "as the operator"
	case ByLedger:
		return "by the ledger itself"
	}
	switch w.Kind() {
	case PasskeyWay:
		return "with a passkey"
	case TokenWay:
		return "with a token"
	case AccountWay:
		return "with their organisation’s account"
	case InvitationWay:
		return "with an invitation"
	case LetterWay:
		return "with the code of a letter"
	}
	return ""
}
