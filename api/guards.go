package api

import "net/http"

// A Guard keeps strangers out before anything is asked.
type Guard struct {
	reach       Reach
	crossOrigin *http.CrossOriginProtection
	writes      *limits
	signIns     *limits
	reads       *limits
}

// NewGuard guards a server that is reached in that way, whose callers read so
// many times a second each: 0 is 200, less is any number.
func NewGuard(reach Reach, reads int) *Guard {
	g := &Guard{
		reach: reach, crossOrigin: http.NewCrossOriginProtection(),
		writes: newLimits(writesEach, writesBurst), signIns: newLimits(signInsEach, signInsBurst), reads: readLimits(reads),
	}
	if reach.Origin != "" {
		if err := g.crossOrigin.AddTrustedOrigin(reach.Origin); err != nil {
			panic("guard: the origin was not checked: " + err.Error())
		}
	}
	return g
}
