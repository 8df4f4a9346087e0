package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"goldenthread/domain"
)

// The statements of an assurance. TestAssurance holds that each place and each test is
// there, and that nothing personal is left out.

// theTest is the test of these statements, for those that no other test holds.
const theTest = "cmd/goldenthread TestAssurance"

// outward are all places at which the server opens a connection to another.
var outward = []string{
	"api/mail/server.go client", "eventstore/witness/pusher.go NewPusher", "api/identity/oidc.go OpenSingleSignOn", "eventstore/stream/server.go connect",
	"api/webhooks/hooks.go Open",
}

func (in *installed) technology() section {
	tokens := fact{"People sign in to the pages by a passkey, by a token, or by the organisation’s account if one is set.", proof{"api/identity/passkeys.go relyingParty", "api TestSignInByToken"}}
	if in.noTokens {
		tokens = fact{"People sign in to the pages by a passkey, or by the organisation’s account if one is set. Tokens are for programs alone.", proof{"api/identity/passkeys.go relyingParty", "api TestNoTokenSignIn"}}
	}
	return section{
		Title: "Technical security, interoperability and accessibility (DTAC)",
		Intro: "For the parts of DTAC on technical security, interoperability, and usability and accessibility. Clinical safety and data protection have sections of their own below. DTAC version 2, of 24 February 2026, calls clinical safety C1, data protection C2 and technical security C3. Numbers of questions are left out: they differ between versions, and the form is the source.",
		Facts: []fact{
			{"In transit: " + in.encryption() + ". It does not start where other machines could reach it unencrypted.", proof{"api/guard/origin.go CheckListen", "api/guard TestReach"}},
			{"Where this program does TLS itself, it is 1.2 at least, and a renewed certificate is taken up without a restart.", proof{"api/guard/limits.go TLS", "api TestTLS"}},
			tokens,
			{"A passkey counts only if the device has verified its user; what it signed is checked once, for this address alone.", proof{"api/identity/passkeys.go relyingParty", "api TestAssertionsRefused"}},
			{"Tokens are kept as SHA-256, invitations as salted SHA-256. The operator’s own token lies in operator-token, which its owner alone can read.", proof{"api/identity/tokens.go HashOf", "api TestTokens"}},
			{"Each page, question and command is allowed or refused by rule, and a matrix of who may do what is part of the tests.", proof{"domain/may.go mustLookAfter", "api TestPermissions"}},
			{"The operator is nobody in a group and decides nothing there. They found groups, invite people and end ways in; that is recorded in the operator’s name.", proof{"domain/access.go OperatorGives", "api TestTheOperatorActsAsNobody"}},
			{"Pages run no inline script and load nothing from another host; the content security policy says so to browsers.", proof{"api/guard/limits.go contentPolicy", "api TestContentPolicy"}},
			{"What another site makes a browser send is refused.", proof{"api/guard/limits.go CheckOrigin", "api TestCrossOrigin"}},
			{"Requests, sign-ins and connections are limited for each client.", proof{"api/guard/limits.go CheckPace", "api TestFloodOfSignInsKeepsNobodyOut"}},
			{"The data folder is closed to other users of the machine at each start.", proof{"eventstore/stream/lock.go LockFolder", "eventstore/stream TestDataFolderIsClosedToOthers"}},
			{"Every event is a leaf of a signed Merkle log. One changed byte is found, offline, by a program that anybody can run.", proof{"cmd/goldenthread/verify.go verifyCommand", "cmd/goldenthread TestVerifyExportImport"}},
			{"The log of this program has nothing that would let somebody in.", proof{"api/identity/signin.go logSignIn", "api TestNoSecretIsLogged"}},
			{"The API is described in OpenAPI 3.1 at /openapi.json.", proof{"api/operation/describe.go describe", "api TestOpenAPI"}},
			{"Other systems can ask by AuthZEN Authorization API 1.0 whether something may be done.", proof{"api/rest/authzen.go offerAuthZEN", "api TestAuthZENByItsSpecification"}},
			{"Pages are tested with axe-core, by the keyboard alone and at 320 pixels. Nobody has audited them against WCAG 2.2 and no person who uses a screen reader has tested this version: conformance is not claimed.", proof{"api/web/templates/accessibility.html nobody has audited it against WCAG 2.2", "api TestEveryPage"}},
		},
	}
}

// clinicalSafety is why the standards of clinical risk management are held not to apply.
var clinicalSafety = section{
	Title: "Clinical safety: why it does not apply",
	Intro: "Golden Thread records what organisations decide together and who may act for them. On the grounds below its makers hold that DCB0129 and DCB0160 do not apply and that it is no medical device. " +
		"Your clinical safety officer confirms that for your use of it, or does not. It would no longer hold if anybody took decisions about care from it.",
	Facts: []fact{
		{"All that can be recorded is in one table of commands. The only thing about patients in it is a number: how many are registered with a practice, or move with a successor.", proof{"domain/tables.go Commands", "cmd/goldenthread TestAssuranceOfNothingClinical"}},
		{"It connects to no clinical system, and to no other system than those under “Data flows”.", proof{"cmd/goldenthread/assurance_facts.go outward", "cmd/goldenthread TestAssuranceOfConnections"}},
		{"Nothing stops somebody from typing a patient’s details into words, or attaching a document that has them. The help page says not to. What was recorded can’t be taken out.", proof{"api/web/templates/help.html No patient data belongs here", theTest}},
	},
}

func (in *installed) flows() section {
	facts := []fact{
		{"Browsers and programs ↔ this server, at " + in.listen + ": pages, questions, commands. Encryption: " + in.encryption() + ".", proof{"api/guard/origin.go CheckListen", "api/guard TestReach"}},
		{"This server → whoever holds the address of a feed: a calendar, or the notices to a practice. The address is a secret and reads that one feed.", proof{"api/identity/feedkeys.go feedCaller", "api TestFeedKeys"}},
		{"Browsers → anybody else: nothing. Pages ask only this server.", proof{"api/guard/limits.go contentPolicy", "api/web TestAssetsStayHere"}},
		{"This server → others: only as listed from here on. There is no telemetry and no update check.", proof{"cmd/goldenthread/assurance_facts.go outward", "cmd/goldenthread TestAssuranceOfConnections"}},
	}
	if in.asking.listen != "" {
		facts = append(facts, fact{"Programs on this machine ↔ NATS inside this program, at " + in.asking.listen + ": the check, with the token of whoever asks, and how often it was asked. The server there keeps nothing, and no program hears the answers to another.",
			proof{"cmd/goldenthread/asking.go accountsOf", "cmd/goldenthread TestProgramsAskOverNATS"}})
	}
	if in.mail.server.Address == "" {
		facts = append(facts, fact{"→ mail: none. No mail server is named, so no letter is written.", proof{"cmd/goldenthread/mail.go start", theTest}})
	} else {
		facts = append(facts,
			fact{"→ the mail server " + in.mail.server.Address + ": people’s names and addresses, what waits for them in words, and codes of invitations.", proof{"api/mail/letter.go message", "api/mail TestInvitation"}},
			fact{"Mail goes by starttls or tls, to a server whose certificate is vouched for, or nothing is said. Unencrypted it goes to this machine alone. Here: " + in.mail.server.TLS + ".", proof{"api/mail/server.go client", "api/mail TestNothingInTheClear"}})
	}
	if in.webhooks != "" {
		facts = append(facts, fact{"→ the webhooks of the file " + in.webhooks + ": that something numbered was recorded in a group, by an allow-list, with the address of its page; no title, words, sum, name or office, and nothing of what the charter keeps to members. Each message is signed.",
			proof{"api/webhooks/message.go said", "api/webhooks TestWhatLeaves"}})
	}
	for _, w := range in.witnessed {
		facts = append(facts, fact{"→ the witness " + w.Name() + " at " + hostOf(w.URL()) + ": the name of each log, how many events it has, and hashes. No event and no name.", proof{"eventstore/witness/pusher.go push", "eventstore/witness TestCosignaturesAreCollected"}})
	}
	if in.oidc.Issuer != "" {
		facts = append(facts, fact{"↔ the sign-in at " + hostOf(in.oidc.Issuer) + ": it learns who signs in here and when, and says by which subject and verified address. The client’s secret goes there alone.", proof{"api/identity/oidc.go account", "api TestSecretsFollowNoRedirect"}})
	}
	if in.nats.url != "" {
		facts = append(facts, fact{"↔ NATS at " + strings.Join(in.natsHosts(), ", ") + ": all events, documents and sealed keys. The wrapping key stays with the nodes.", proof{"eventstore/keys/keys.go makeWrapping", "eventstore TestPersonalDataIsNeverStoredInTheClear"}})
	}
	if in.backupTo != "" {
		facts = append(facts, fact{"→ the folder " + in.backupTo + ": backups, without wrapping.key, signing.key and backup.key.", proof{"cmd/goldenthread/backups.go makeOne", "cmd/goldenthread TestServeMakesBackups"}})
	}
	return section{Title: "Data flows", Facts: facts}
}

// processors are others who get personal data, as far as the settings name them.
func (in *installed) processors() section {
	s := section{
		Title: "Sub-processors",
		Intro: "Derived from the settings. Whoever owns the machine, its disks, its system log and the place of the backups is one as well: the program can’t see who that is.",
	}
	add := func(says, place, test string) { s.Facts = append(s.Facts, fact{says, proof{place, test}}) }
	if in.mail.server.Address != "" {
		add("Whoever runs the mail server "+in.mailHost()+", and each mail server after it: names, addresses and the text of letters. Letters stay with them after an erasure.", "api/mail/letter.go message", "api/mail TestErased")
	}
	if in.oidc.Issuer != "" {
		add("Whoever runs the sign-in at "+hostOf(in.oidc.Issuer)+": who signs in and when.", "api/identity/oidc.go account", "api TestSingleSignOn")
	}
	if in.nats.url != "" {
		add("Whoever runs NATS at "+strings.Join(in.natsHosts(), ", ")+": all that is recorded. Names, addresses and telephone numbers are sealed there.", "eventstore/keys/keys.go SealPersonal", "eventstore TestPersonalDataIsNeverStoredInTheClear")
	}
	for _, w := range in.witnessed {
		add("The witness "+w.Name()+" gets no personal data: it is a third party, and no processor.", "eventstore/witness/pusher.go push", "eventstore/witness TestCosignaturesAreCollected")
	}
	if len(s.Facts) == 0 {
		add("None by the settings: no mail server, no sign-in of another organisation, no NATS elsewhere and no witness is named.", "cmd/goldenthread/serve.go flags", theTest)
	}
	return s
}

func (in *installed) hosting() section {
	stored := fact{"The ledgers lie in the data folder, " + in.dir + ", in a store inside this program, which has no port of its own.", proof{"eventstore/stream/server.go DontListen: true", theTest}}
	if in.nats.url != "" {
		stored = fact{"The ledgers lie in " + in.storage() + ". Keys and sign-in files lie in " + in.dir + ".", proof{"eventstore/stream/server.go connect", "cmd/goldenthread-lab TestClusterIsOneLedger"}}
	}
	return section{
		Title: "Hosting",
		Intro: "One program on a machine that you choose: it can’t say in which country or in whose data centre that is. The disk is not encrypted by it, apart from what “Personal data” says.",
		Facts: []fact{
			stored,
			{"Whoever can read the data folder can read everything in it: wrapping.key lies there too. Sealing protects copies that are without that key, such as backups.", proof{"eventstore/keys/keys.go WrappingFile", "eventstore TestABackupRestoresTheLedgerAndNoKeys"}},
			{"The unit for systemd that comes with it runs it as a user of its own, who can write one folder and nothing else.", proof{"cmd/goldenthread/unit.go systemdUnit", "cmd/goldenthread TestSystemdUnit"}},
			{"What is answered as recorded is synced to disk before.", proof{"eventstore/stream/server.go SyncAlways: true", "eventstore TestKilledUnderLoadNothingAcknowledgedIsLost"}},
			{"goldenthread doctor says what of the installation needs doing.", proof{"api/doctor/doctor.go Examine", "api/doctor TestEveryFaultIsNamedWithItsRemedy"}},
		},
	}
}

func (in *installed) retention() section {
	facts := []fact{
		{"The ledger: for ever. It denies deleting, has no limit by age, and refuses to run on a store that is kept in another way.", proof{"eventstore/stream/stream.go DenyDelete: true", "eventstore TestAStreamKeptWrongIsRefused"}},
		{"Names, addresses and telephone numbers: until they are erased, by the person or by whoever keeps the register. Nothing erases them by itself when somebody leaves.", proof{"domain/erasure.go ErasePerson", "api TestErasingAPerson"}},
		{fmt.Sprintf("Sessions: until %s without use, and 12 hours in any case.", timeWords(in.idle)), proof{"api/identity/sessions.go sessionLifetime = 12 * time.Hour", "api TestSessionEnds"}},
		{"Invitations let somebody in for 7 days; their lines in the file can stay longer.", proof{"api/identity/invitations.go invitationLasts = 7 * 24 * time.Hour", "api TestInvitations"}},
		{"Addresses of feeds read for a year; their lines in the file can stay longer.", proof{"api/identity/feedkeys.go feedKeyLasts = 365 * 24 * time.Hour", "api TestFeedKeysEnd"}},
		{"The sign-in log: until the person is erased. Nothing thins it.", proof{"api/identity/erasure.go dropAny", "api TestAccessEndsWithAnErasure"}},
		{"The program’s own log goes to standard error. How long it is kept is a setting of your system.", proof{"cmd/goldenthread/serve.go serveCommand", "api TestSignInsAreLogged"}},
	}
	if in.backupTo != "" {
		facts = append(facts, fact{fmt.Sprintf("Backups in %s: all for %d days, then one a week, until they are %d days old.", in.backupTo, backupsDaily/(24*time.Hour), backupsKept/(24*time.Hour)), proof{"cmd/goldenthread/backups.go thinned", "cmd/goldenthread TestBackupsAreThinned"}})
	}
	return section{Title: "Retention", Facts: facts}
}

func (in *installed) backupAndExit() section {
	facts := []fact{
		{"Backups by the server itself: " + in.backupWords() + ".", proof{"cmd/goldenthread/backups.go makeIfDue", "cmd/goldenthread TestServeMakesBackups"}},
		{"A backup restores everything with the keys. Without them its names, addresses and telephone numbers can’t be read; offices, words and documents can: keep backups as you keep the folder.", proof{"eventstore/front.go Backup", "eventstore TestABackupRestoresTheLedgerAndNoKeys"}},
		{"wrapping.key, signing.key and backup.key are in no backup. Keep copies apart: without wrapping.key no name can be read again.", proof{"cmd/goldenthread/backup.go restoreFiles", "eventstore TestABackupRestoresTheLedgerAndNoKeys"}},
		{"What lets people in is in a backup only under backup.key, and comes back only with it.", proof{"eventstore/archive/write.go sealCredentials", "eventstore/archive TestCredentialsComeBackOnlyUnderTheKey"}},
		{"A backup that is cut off or changed is refused whole.", proof{"eventstore/archive/read.go judge", "eventstore/archive TestWhatIsNotWholeIsRefused"}},
		{"Exit: export writes a group’s whole ledger to one file (JSON lines, with schemas), and import gives the same ledger elsewhere. Names are in it sealed only, and documents are fetched one by one.", proof{"cmd/goldenthread/export.go exportCommand", "cmd/goldenthread TestVerifyExportImport"}},
		{"Evidence and its verifier are open: a second program in Python checks a bundle without this one.", proof{"eventstore/evidence/verify.py def main", "eventstore/evidence TestVerifyPy"}},
		{"To end it: stop the server and destroy the data folder, the keys and the backups. Without wrapping.key nobody’s sealed name can be read from a copy that is left; offices, words and documents can.", proof{"eventstore/keys/keys.go makeWrapping", "eventstore TestABackupRestoresTheLedgerAndNoKeys"}},
	}
	return section{Title: "Backup and exit", Facts: facts}
}

// register is the line for a register of information assets.
func (in *installed) register() section {
	line := []string{
		"Golden Thread (decision and mandate ledger)", "address " + cmp.Or(in.origin, "localhost"), "groups " + orNone(strings.Join(in.groups, ", ")), "stored " + in.storage() + ", " + in.dir,
		"personal data of staff: names, contacts, offices, what they did; patient data does not belong in it", "kept for ever, names until erased", "backups " + in.backupWords(), "owner: you", "supplier and support: you",
	}
	return section{Title: "Line for the asset register", Intro: strings.Join(line, " | ")}
}

// onlyYou is what no program can say.
var onlyYou = []string{
	"Cyber Essentials, or Cyber Essentials Plus: whether whoever operates this holds a certificate, and until when.",
	"DSPT: the organisation’s code, its status and the date.",
	"ICO registration: the number, and the data protection officer.",
	"Penetration test: none of this installation is known to the program. Who made one, when, with what result, and what was mended.",
	"Controller and processors: who decides the purposes, the lawful basis, contracts with those listed as sub-processors, and the DPIA’s own judgement and signature.",
	"Clinical safety officer: whether the statement above is agreed with.",
	"Where the machine, its backups and the keys are; whether disks are encrypted; who has access to them; when a restore was last tried.",
	"Who keeps the verifier key and the witness, if there is one: it should not be whoever runs the server.",
	"Who answers for incidents, support, patching of the system underneath, and continuity.",
	"An audit of accessibility against WCAG 2.2, and user research.",
}

func (in *installed) personal() section {
	data := append(append([]datum{}, personalData...), in.log.datum())
	if in.oidc.Issuer != "" {
		data = append(data, datum{
			"Accounts at the organisation’s sign-in", []string{"--oidc-people"}, "In the file " + in.oidc.People + ", which you write: an address or a subject for each person.", "None: the file is in the clear.",
			"By you: take the line out. An erasure here does not reach your file.", "As long as you keep the line.", proof{"api/identity/oidc.go OIDC", "api TestSingleSignOnTakenAway"},
		})
	}
	return section{
		Title:    "Personal data (for the DPIA)",
		Intro:    fmt.Sprintf("About people who act for organisations: %s. Data of special categories is asked for nowhere; words could hold it.", domain.Count(len(in.groups), "group")+" in this folder"),
		Personal: data,
	}
}

// personalData is every sort of data about people, wherever it lies.
var personalData = []datum{
	{
		"Name, email address, telephone number", []string{"name", "email", "phone", "sealed"},
		"In events of the ledger that introduce a person or change their details, sealed before a command is decided; the store never has them in the clear.",
		"A random key of each person’s own, in the stream KEYS, itself sealed under wrapping.key.",
		"The person’s key is destroyed and wrapping.key changed; every copy of the ledger is unreadable in this from then on. Destroy older backups together with older copies of wrapping.key.",
		"Until erased.", proof{"eventstore/keys/keys.go SealPersonal", "cmd/goldenthread TestErasedMeansErased"},
	},
	{
		"Office, short name, organisation, who employs somebody, and when they were in office", []string{"person", "handle", "office", "organisation", "employer", "until"},
		"In events of the ledger, and in whatever names the person. The id is random.", "None: in the clear.",
		"Not: a decision goes on saying who took part. What remains of a person is listed by goldenthread remains.", "For ever.",
		proof{"projections/remains.go Remains", "projections TestErasedAndWhatRemains"},
	},
	{
		"What somebody did or said: consents, objections, attendance, positions, commitments", []string{"actor", "onbehalfof"},
		"In events of the ledger: each says who acted, for whom and when.", "None: in the clear.", "Not.", "For ever.",
		proof{"domain/event.go Event", "api TestEveryEventSaysHowItsActorWasKnown"},
	},
	{
		"Declared interests", []string{"interest", "kind", "matters", "words", "from"},
		"In events of the ledger, as the person wrote them.", "None: in the clear.", "Not: an interest can be ended, and stays readable.", "For ever.",
		proof{"domain/interest.go InterestDeclared", "domain TestMinutes"},
	},
	{
		"Words that people write, and documents", []string{"reason", "DOCUMENTS"},
		"Words in events of the ledger; documents in the bucket DOCUMENTS of the store. They can name anybody.", "None: in the clear.", "Not by an erasure of whoever they name.", "For ever.",
		proof{"api/access/documents.go documentsBucket", "api TestDocuments"},
	},
	{
		"Ways in on the record: public keys of passkeys, and kind, id and scope of each way", []string{"credential", "publicKey", "relyingParty", "way", "number", "actsFrom", "replaces", "scope"},
		"In events of the ledger, so that a signature can be checked by anybody with a copy.", "None: in the clear. Private keys never leave the person’s device.",
		"Not; they let nobody in after an erasure.", "For ever.", proof{"domain/passkey.go PasskeyRegistered", "api TestAWayInThatIsLeftLetsNobodyInWhoIsErased"},
	},
	{
		"How people sign in here: names of devices and browsers, times, public keys, hashes of secrets",
		[]string{"operator-token", "tokens.json", "passkeys.json", "sessions.json", "invitations.json", "letters.json", "feed-keys.json", "known-accounts.json", "sign-in.log", "answered", "statements", "first"},
		"In the stream ACCESS of the store, and the operator’s token in a file of the data folder that its owner alone reads; people stand there by id.", "One for all, in the stream KEYS, sealed under wrapping.key. In a backup: backup.key.",
		"An erasure takes the person’s records out, and ends every session at once. What was taken out stays on the disks of the streams, sealed, until they write over it; older backups have it still.", "See “Retention”.",
		proof{"api/identity/erasure.go forgetErased", "api TestAccessEndsWithAnErasure"},
	},
	{
		"Which letters somebody was sent, and what they chose to be mailed", []string{"MAIL"},
		"In the bucket MAIL of the store: what each was about by number, and when; and the key in their letters with which they choose. Neither address nor words.", "None: in the clear.", "With the person. What was sent lies with the mail servers.",
		"What is past for 400 days.", proof{"api/mail/outbox.go rememberDays = 400", "api/mail TestErased"},
	},
	{
		"What is typed while a group is being set up, with people’s names and addresses", []string{"set-up"},
		"In files of the folder set-up; in no backup.", "A key for each draft, in the stream KEYS.", "With the draft: its file goes when the group is founded or the draft is given up.",
		"Until then.", proof{"api/setup/draft.go draftsFolder", "api TestDraftsAreSealed"},
	},
}

// datum is the personal data in the log, as it is set.
func (o *logging) datum() datum {
	d := datum{
		"The program’s log: who signed in, by short name or id", []string{"standard error"},
		"Where your system keeps it. It has no name, address, telephone number or device.", "None.", "By you.", "As your system is set.",
		proof{"api/identity/signin.go logSignIn", "api TestSignInsAreLogged"},
	}
	if o.access {
		d.Data += "; and every request, by route, with nothing of what stands in its address"
		d.proof = proof{"api/traffic/traffic.go note", "api TestAccessLog"}
	}
	if o.addresses {
		d.Data += "; and the network address that each request came from"
		d.Lies = "Where your system keeps it. It has no name, telephone number or device; its network addresses are personal data."
	}
	return d
}
