package rest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// No document is handed to a browser as something that it could run.
func TestDocumentsAreKeptNotRun(t *testing.T) {
	for _, kept := range []string{"application/pdf", "image/png", "text/plain", "text/csv", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"} {
		require.Equal(t, kept, savedAs(kept))
	}
	for _, run := range []string{"text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "text/javascript", "application/x-shockwave-flash", ""} {
		require.Equal(t, "application/octet-stream", savedAs(run))
	}
}
