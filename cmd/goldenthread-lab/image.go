package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// nobody is the user and the group that the program runs as in an image; nonroot, as
// distroless images call them.
const nobody = 65532

// An image is what an OCI image is made of.
type image struct {
	out, version, commit string
	made                 time.Time
	platforms            []string // such as linux/amd64=FILE
}

func imageCommand() *cobra.Command {
	var i image
	var date string
	cmd := &cobra.Command{
		Use: "image --out FILE --version VERSION --commit COMMIT --made TIME PLATFORM=PROGRAM…", Short: "Make an OCI image layout of the program, without a daemon; make release does",
		Example: "  goldenthread-lab image --out image.tar --version 0.1.0 --commit d038075 --made 2026-11-30T06:57:09Z linux/amd64=bin/goldenthread",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) (err error) {
			i.platforms = args
			if i.made, err = time.Parse(time.RFC3339, date); err != nil {
				return err
			}
			return i.write()
		},
	}
	cmd.Flags().StringVar(&i.out, "out", "", "file to write: the layout (OCI Image Format 1.1) in a tar")
	cmd.Flags().StringVar(&i.version, "version", "", "of the program, which is the image's tag")
	cmd.Flags().StringVar(&i.commit, "commit", "", "commit of the source")
	cmd.Flags().StringVar(&date, "made", "", "time of that commit, which is that of every file")
	for _, name := range []string{"out", "version", "commit", "made"} {
		must(cmd.MarkFlagRequired(name))
	}
	return cmd
}

// A blob names bytes in the layout (OCI Image Format, descriptor.md).
type blob struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Platform    map[string]string `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

const ociType = "application/vnd.oci.image."

// write makes the layout: for each platform a layer, a configuration and a manifest, and one
// index of them all. The same in gives the same bytes.
func (i *image) write() error {
	layout := &archive{made: i.made}
	layout.add("oci-layout", 0o644, 0, []byte(`{"imageLayoutVersion":"1.0.0"}`))
	var manifests []blob
	for _, p := range i.platforms {
		platform, file, ok := strings.Cut(p, "=")
		system, processor, also := strings.Cut(platform, "/")
		if !ok || !also {
			return fmt.Errorf("%s: write it like linux/amd64=FILE", p)
		}
		program, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		layer, err := i.layer(program)
		if err != nil {
			return err
		}
		config := layout.addBlob(ociType+"config.v1+json", i.config(system, processor, sum(layer)))
		manifest := layout.addBlob(ociType+"manifest.v1+json", map[string]any{
			"schemaVersion": 2, "mediaType": ociType + "manifest.v1+json", "config": config,
			"layers": []blob{layout.addBlob(ociType+"layer.v1.tar+gzip", compressed(layer))}, "annotations": i.labels(),
		})
		manifest.Platform = map[string]string{"os": system, "architecture": processor}
		manifests = append(manifests, manifest)
	}
	index := layout.addBlob(ociType+"index.v1+json", map[string]any{
		"schemaVersion": 2, "mediaType": ociType + "index.v1+json", "manifests": manifests, "annotations": i.labels(),
	})
	index.Annotations = map[string]string{"org.opencontainers.image.ref.name": i.version}
	layout.add("index.json", 0o644, 0, inJSON(map[string]any{"schemaVersion": 2, "mediaType": ociType + "index.v1+json", "manifests": []blob{index}}))
	b, err := layout.bytes()
	if err != nil {
		return err
	}
	return os.WriteFile(i.out, b, 0o644)
}

// layer is all files of the image: the program, who runs it, the folder of the ledgers, and
// the certificates by which it knows other servers.
func (i *image) layer(program []byte) ([]byte, error) {
	a := &archive{made: i.made}
	a.folder("etc", 0o755, 0)
	a.add("etc/group", 0o644, 0, fmt.Appendf(nil, "root:x:0:\nnonroot:x:%d:\n", nobody))
	a.add("etc/passwd", 0o644, 0, fmt.Appendf(nil, "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:%d:%d:nonroot:/var/lib/goldenthread:/sbin/nologin\n", nobody, nobody))
	for _, name := range []string{"etc/ssl", "etc/ssl/certs"} {
		a.folder(name, 0o755, 0)
	}
	a.add("etc/ssl/certs/ca-certificates.crt", 0o644, 0, certificates())
	a.folder("tmp", 0o1777, 0)
	for _, name := range []string{"usr", "usr/bin"} {
		a.folder(name, 0o755, 0)
	}
	a.add("usr/bin/goldenthread", 0o755, 0, program)
	for _, name := range []string{"var", "var/lib"} {
		a.folder(name, 0o755, 0)
	}
	a.folder("var/lib/goldenthread", 0o700, nobody)
	return a.bytes()
}

// certificates are Mozilla's roots in PEM, but for those that are trusted under a condition
// only, which PEM can't say.
func certificates() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			must(pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return b.Bytes()
}

// config is how the image is run (OCI Image Format, config.md).
func (i *image) config(system, processor, layer string) map[string]any {
	return map[string]any{
		"created": i.made.UTC().Format(time.RFC3339), "os": system, "architecture": processor,
		"config": map[string]any{
			"User": fmt.Sprintf("%d:%d", nobody, nobody), "Entrypoint": []string{"/usr/bin/goldenthread"}, "Cmd": []string{"serve"}, "WorkingDir": "/",
			"Env":          []string{"GOLDENTHREAD_DATA=/var/lib/goldenthread", "PATH=/usr/bin"},
			"ExposedPorts": map[string]any{"8080/tcp": struct{}{}}, "Volumes": map[string]any{"/var/lib/goldenthread": struct{}{}},
			"StopSignal": "SIGTERM", "Labels": i.labels(),
		},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{layer}},
		"history": []map[string]any{{"created": i.made.UTC().Format(time.RFC3339), "created_by": "make release"}},
	}
}

func (i *image) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       "Golden Thread",
		"org.opencontainers.image.description": "A decision and mandate ledger for organisations that decide together without a hierarchy",
		"org.opencontainers.image.version":     i.version,
		"org.opencontainers.image.revision":    i.commit,
		"org.opencontainers.image.created":     i.made.UTC().Format(time.RFC3339),
	}
}

// An archive is a tar whose files are all of one time. The first error ends it.
type archive struct {
	b    bytes.Buffer
	tar  *tar.Writer
	made time.Time
	has  map[string]bool
	err  error
}

func (a *archive) write(h *tar.Header, content []byte) {
	if a.tar == nil {
		a.tar, a.has = tar.NewWriter(&a.b), map[string]bool{}
	}
	if a.err != nil || a.has[h.Name] {
		return
	}
	a.has[h.Name] = true
	h.ModTime, h.Format, h.Size = a.made, tar.FormatUSTAR, int64(len(content))
	if a.err = a.tar.WriteHeader(h); a.err == nil {
		_, a.err = a.tar.Write(content)
	}
}

func (a *archive) add(name string, mode int64, owner int, content []byte) {
	a.write(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Uid: owner, Gid: owner}, content)
}

func (a *archive) folder(name string, mode int64, owner int) {
	a.write(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode, Uid: owner, Gid: owner}, nil)
}

// addBlob adds bytes, or anything else as JSON, under its digest.
func (a *archive) addBlob(mediaType string, content any) blob {
	b, ok := content.([]byte)
	if !ok {
		b = inJSON(content)
	}
	digest := sum(b)
	a.add("blobs/"+strings.Replace(digest, ":", "/", 1), 0o644, 0, b)
	return blob{MediaType: mediaType, Digest: digest, Size: len(b)}
}

func (a *archive) bytes() ([]byte, error) {
	if a.err == nil {
		a.err = a.tar.Close()
	}
	return a.b.Bytes(), a.err
}

// compressed is the bytes in gzip, the same for the same version of Go.
func compressed(b []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	must(err)
	_, err = w.Write(b)
	must(err)
	must(w.Close())
	return out.Bytes()
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(s[:])
}

func inJSON(v any) []byte {
	b, err := json.Marshal(v)
	must(err)
	return b
}
