package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// Assets: stylesheets and scripts, embedded. In assets lie our own; in
// assets/built, which npm fills when the program is built and git ignores, lies
// the NHS design system's stylesheet, and dark.css goes with it. Where that is not
// there base.css takes its place, by the same class names.

//go:embed all:assets
var embedded embed.FS

const builtStyle = "built/nhsuk.css"

// An Asset is a file that pages link, by a name that changes with its content.
type Asset struct {
	Type string
	Body []byte
	Gzip func() []byte
}

// Links are the addresses of what pages link.
type Links struct {
	Styles  []string
	Live    string // script that shows what others record
	Keep    string // script that keeps what somebody takes along for when there is no signal
	Offline string // script of the check without signal
	Page    string // script of every page
	Typed   string // script that keeps what is typed
	Sign    string // script that has what a seat says signed
	Icon    string
}

var assets, links = readAssets()

// Assets are the addresses of what pages link.
func Assets() Links { return links }

func readAssets() (map[string]*Asset, Links) {
	all, address := map[string]*Asset{}, map[string]string{}
	err := fs.WalkDir(embedded, "assets", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			return err
		}
		b, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		ext := path.Ext(name)
		name = strings.TrimPrefix(name, "assets/")
		linked := strings.TrimSuffix(path.Base(name), ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		address[name] = "/assets/" + linked
		all[linked] = &Asset{mime.TypeByExtension(ext), b, sync.OnceValue(func() []byte { return Zip(b) })}
		return nil
	})
	if err != nil {
		panic(err)
	}
	styles := []string{address["base.css"], address["thread.css"]}
	if address[builtStyle] != "" {
		styles = []string{address[builtStyle], address["thread.css"], address["dark.css"]}
	}
	return all, Links{Styles: styles, Live: address["live.js"], Keep: address["keep.js"], Offline: address["offline.js"], Page: address["page.js"], Typed: address["typed.js"], Sign: address["sign.js"], Icon: address["icon.svg"]}
}

// Zip is the bytes compressed as HTTP does.
func Zip(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b) // to memory: it can't fail
	w.Close()
	return out.Bytes()
}

// TakesGzip says whether the client takes compressed answers.
func TakesGzip(r *http.Request) bool {
	for item := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(item), ";")
		if coding == "gzip" && strings.ReplaceAll(weight, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// ServeAsset answers for /assets/{name}. A name never changes its content.
func ServeAsset(w http.ResponseWriter, r *http.Request) {
	a := assets[r.PathValue("name")]
	if a == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.Type)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Vary", "Accept-Encoding")
	body := a.Body
	if TakesGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		body = a.Gzip()
	}
	w.Write(body)
}

// Worker is the service worker's script, which is served at a fixed address so
// that it may answer for all pages.
func Worker() []byte {
	b, err := embedded.ReadFile("assets/worker.js")
	if err != nil {
		panic(err)
	}
	return b
}
