// Package mail tells people by mail what is new for them and what they have not
// done yet. It is optional: without a mail server everything works, and nothing
// is mailed unless one is configured.
//
// What somebody is to be told follows from the ledger (projections.Errands).
// What they have been told lies in the outbox, a bucket beside the ledger that
// holds ids and keys, and neither addresses nor names: an address is opened from
// the person's sealed data when the letter goes out (rule L7).
//
// A letter goes out at most once. Before it is handed to the mail server the
// outbox says "sending", and afterwards what became of it. Whatever surely did
// not arrive is tried again, later and later. Where the process ends, or the
// connection, between the two records, nobody can know whether the server took
// the letter: it is marked "unknown" for people to see, and is not sent again.
// At most once is right here because a reminder that is lost comes again when
// its day is nearer, while one that comes twice teaches people not to read them.
package mail
