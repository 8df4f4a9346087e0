package operation

// commandsSay is what is so of every command.
const commandsSay = "The rules decide whether it is recorded: a refusal names the rule, and nothing is recorded then. " +
	"201: it was recorded as events. 200: there was nothing to add, or it had been recorded before under the same Idempotency-Key. " +
	"Send the same again under the same key when no answer comes. On the command line: goldenthread do "

// statementsSay is what is so of every statement.
const statementsSay = "Where the charter asks for signatures: show the statement to the person, have their passkey sign the hash that is " +
	"answered, and send the signature with the command. Nothing is recorded by asking for it; it can be used once, until it expires."

// says is what operations say that are registered one by one, by their id.
var says = map[string]string{
	"healthz":     "Asks nothing of the store: for whoever restarts processes that hang. No token is needed; with one, the version is told too.",
	"readyz":      "503 while nothing can be recorded, with the reason: for load balancers. No token is needed.",
	"evaluation":  "About the group of the token. true is an outright yes of the check and nothing else: a yes on conditions, and a question with a member that is not known here, are false, with the reasons in context.",
	"evaluations": "As evaluation, up to 1000 at once.",
	"groups":      "Where to begin: the names are those in all other addresses.",
	"minutes":     "For whoever writes the minutes: what was recorded of the meeting, by agenda item. It is a draft, and nothing is recorded by asking for it.",
	"calendar":    "For calendar programs, which can't send a token: give them an address with a key, made under feed-keys.",

	"charter-settings":            "The same for every group: what a charter may set, what holds if it says nothing, and what each setting does.",
	"practice-feed":               "For feed readers, which can't send a token: give them an address with a key, made under feed-keys.",
	"documents":                   "The ledger holds each document's hash; the bytes are kept beside it.",
	"document":                    "The bytes, once somebody has brought them; they are checked against the hash that the ledger names.",
	"preview-list":                "For whoever keeps the register: what opens, closes, merges, leaves, moves or changes its name or size by a list, before import-organisations is sent with the same body. It asks under no key, and nothing is recorded.",
	"attach":                      "The body is the file. It is checked against its name and its Content-Type, kept and synced before the ledger names it; a refusal keeps and records nothing. Sent again under the same Idempotency-Key, it brings bytes that have gone missing.",
	"put-document":                "Refused unless the hash of what is sent is the one in the address, and the ledger names it.",
	"mail":                        "For the group's manager and the operator: which letters went out, and which did not arrive.",
	"mail-again":                  "No letter is sent twice by itself: this is for whoever knows that one did not arrive.",
	"feed-keys":                   "Yours alone: the addresses that you gave to calendars and feed readers, without their keys.",
	"make-feed-key":               "The key is shown this once. Whoever has it can read that one feed, and nothing else.",
	"end-feed-key":                "The address answers nothing from then on.",
	"sign-in-invitations":         "Of each: for whom, until when, and whether it was used; never its code.",
	"invite-to-sign-in":           "Gives a link to hand over. Its maker is on the group's record, and a way in that is made with it waits before it acts (rule L11).",
	"withdraw-sign-in-invitation": "The link leads nowhere from then on. One that was used can't be taken back: end the way in instead.",
	"tokens":                      "Of each: its name, its scope and when it ends; never the token itself.",
	"issue-token":                 "The token is shown this once. Its scope is check (the check alone), read (every question) or act; its maker is on the group's record.",
	"revoke-token":                "It is known nowhere from then on.",
	"remains":                     "For whoever is asked to erase somebody: names, email and phone go with their key; this is what stays, and where.",
	"event":                       "CloudEvents 1.0, byte for byte as it was recorded and signed for: its hash is the leaf of the log.",
	"events":                      "For whoever keeps a copy: byte for byte as recorded. Link with rel=next leads on.",
	"feed":                        "A stream of server-sent events. Whoever breaks off goes on after Last-Event-ID, and misses nothing.",
	"check-evidence":              "For whoever must show later what was answered: everything can be checked without this server, and without trusting it.",
	"evidence":                    "For whoever must show later what was agreed: everything can be checked without this server, and without trusting it.",
	"event-proof":                 "Together with a checkpoint that you trust it proves that the event is in the ledger, at that place.",
	"log-checkpoint":              "What the operator has signed for. Hold it against the one that you, or a witness, had before.",
	"log-consistency":             "Proves that nothing was changed or taken away between the two sizes.",
	"log-tile":                    "Static files of the log, for software that reads tiled logs.",
	"log-keys":                    "Keep this key with somebody else than whoever runs the server.",
}
