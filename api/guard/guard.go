package guard

import "net/http"

// A Guard keeps strangers out before anything is asked.
type Guard struct {
	Reach       Reach
	crossOrigin *http.CrossOriginProtection
	Writes      *limits
	SignIns     *limits
	tell        func(who string) // tells other nodes who tried to sign in; nil: there are none
	Reads       *limits
}

// New guards a server that is reached in that way, whose callers read so
// many times a second each: 0 is 200, less is any number.
func New(reach Reach, reads int) *Guard {
	g := &Guard{
		Reach: reach, crossOrigin: http.NewCrossOriginProtection(),
		Writes: NewLimits(writesEach, writesBurst), SignIns: NewLimits(signInsEach, signInsBurst), Reads: ReadLimits(reads),
	}
	if reach.Origin != "" {
		if err := g.crossOrigin.AddTrustedOrigin(reach.Origin); err != nil {
			panic("guard: the origin was not checked: " + err.Error())
		}
	}
	return g
}
