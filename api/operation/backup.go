package operation

import (
	"mime"
	"net/http"
	"time"
)

// An Unhurried writes an archive that takes long: each piece has its own time.
type Unhurried struct {
	W     http.ResponseWriter
	Name  string // of the file, in a browser; "": it is for a program
	Begun bool   // something was written
}

func (u *Unhurried) Write(b []byte) (int, error) {
	if !u.Begun {
		u.Begun = true
		u.W.Header().Set("Content-Type", "application/x-tar")
		if u.Name != "" {
			u.W.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": u.Name}))
		}
	}
	http.NewResponseController(u.W).SetWriteDeadline(time.Now().Add(WriteTimeout))
	return u.W.Write(b)
}
