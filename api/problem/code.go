package problem

import "net/http"

// What a problem's code says to a program. Codes stay as they are; sentences don't.
const (
	CodeBadRequest  = "bad-request"
	CodeSignIn      = "sign-in"
	CodeForbidden   = "forbidden"
	CodeNotYours    = "not-yours"
	CodeNotFound    = "not-found"
	CodeMethod      = "method"
	CodeNotNow      = "not-now"
	CodeGone        = "gone"
	CodeTooLarge    = "too-large"
	CodeMediaType   = "media-type"
	CodeInvalid     = "invalid"
	CodeTooMany     = "too-many"
	CodeInternal    = "internal"
	CodeUnavailable = "unavailable"
	CodeUnsettled   = "unsettled"
	CodeBehind      = "behind"
	CodeDamaged     = "damaged"
	CodeBusy        = "busy"
)

// A Code is one kind of problem.
type Code struct {
	Code   string
	Status int    // that it comes with
	Means  string // in a sentence
	Do     string // what whoever asked can do about it
}

// Codes are all kinds of problems there are.
var Codes = []Code{
	{CodeBadRequest, http.StatusBadRequest, "The request can't be read: its address or its body is broken.", "Correct the request."},
	{CodeSignIn, http.StatusUnauthorized, "There is no token, or none that is known here, or it has ended.", "Send a token as Authorization: Bearer."},
	{CodeForbidden, http.StatusForbidden, "This token or session may not do this: it has a narrower scope, or the request came from another site.", "Use a token with the scope that the detail names."},
	{CodeNotYours, http.StatusForbidden, "A rule keeps this for somebody else; rule says which.", "Ask whoever may."},
	{CodeNotFound, http.StatusNotFound, "There is no such thing, or none that you may know of.", "Check the address and what it names."},
	{CodeMethod, http.StatusMethodNotAllowed, "This address is not asked with this method.", "Use one of those in the Allow header."},
	{CodeNotNow, http.StatusConflict, "As things stand this can't be done; where a rule says so, rule says which.", "Read the detail; ask again when that has changed."},
	{CodeGone, http.StatusGone, "This was here and has ended, such as an invitation that was used.", "Ask for a new one."},
	{CodeTooLarge, http.StatusRequestEntityTooLarge, "The body is too large.", "Send less at once."},
	{CodeMediaType, http.StatusUnsupportedMediaType, "The body has not the type that is taken here.", "Send application/json in UTF-8."},
	{CodeInvalid, http.StatusUnprocessableEntity, "A part of the request is missing, unknown or not as it must be; where names it, rule says why.", "Correct the parts that where names."},
	{CodeTooMany, http.StatusTooManyRequests, "You asked for more than is answered in so short a time.", "Wait for as many seconds as Retry-After says."},
	{CodeInternal, http.StatusInternalServerError, "This server is at fault.", "Quote the trace to whoever runs the server. A command may be sent again, with the same Idempotency-Key."},
	{CodeUnavailable, http.StatusServiceUnavailable, "This can't be done at the moment; nothing was recorded.", "Ask again after Retry-After."},
	{CodeUnsettled, http.StatusServiceUnavailable, "Nobody knows yet whether the command was recorded.", "Send it again with the same Idempotency-Key: it is recorded once."},
	{CodeBehind, http.StatusServiceUnavailable, "This server does not know yet what atLeast asks for.", "Ask again in a moment."},
	{CodeDamaged, http.StatusServiceUnavailable, "This server can not answer for the group as it is: what is stored of it is damaged, set back, or newer than this program.", "Tell whoever runs the server."},
	{CodeBusy, http.StatusServiceUnavailable, "The server is stopping, has too much open or took too long; nothing was recorded.", "Ask again in a moment."},
}

// codeOf is the code of a problem of which nothing else is known than its status.
func codeOf(status int) string {
	for _, c := range Codes {
		if c.Status == status && c.Code != CodeNotYours {
			return c.Code
		}
	}
	if status < http.StatusInternalServerError {
		return CodeBadRequest
	}
	return CodeInternal
}

// coded is the problem with another code than that of its status.
func (p *Problem) coded(code string) *Problem { p.Code = code; return p }
