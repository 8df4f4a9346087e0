// Package feeds is what goes out by itself: a practice's notices (Atom), the days
// that matter (iCalendar), live events (server-sent), and what became of the mail.
//
// It may import problem, caller, operation, access, identity and web, besides mail, the
// outbox. Start reading at New; the one loop of all live streams is Feeds.Follow.
package feeds
