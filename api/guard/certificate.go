package guard

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certificateFiles are a certificate and its key, as they were last read.
type certificateFiles struct {
	certificate, key string
	mu               sync.Mutex
	looked           time.Time
	changed          [2]time.Time
	now              *tls.Certificate
}

const certificateLook = 10 * time.Second // between looks at the files

// read reads the files; where it can't, what was read before stays.
func (f *certificateFiles) read() error {
	c, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	f.now, f.changed = &c, f.times()
	return nil
}

func (f *certificateFiles) times() (changed [2]time.Time) {
	for i, name := range []string{f.certificate, f.key} {
		if info, err := os.Stat(name); err == nil {
			changed[i] = info.ModTime()
		}
	}
	return changed
}

// get is the certificate to serve with, read again if its files have changed.
func (f *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); now.Sub(f.looked) >= certificateLook {
		f.looked = now
		if f.times() != f.changed {
			_ = f.read() // half written as yet: the old one serves
		}
	}
	return f.now, nil
}
