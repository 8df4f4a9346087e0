package guard

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// CertificateFiles are a certificate and its key, as they were last read.
type CertificateFiles struct {
	Certificate, Key string
	mu               sync.Mutex
	Looked           time.Time
	changed          [2]time.Time
	Now              *tls.Certificate
}

const certificateLook = 10 * time.Second // between looks at the files

// Read reads the files; where it can't, what was read before stays.
func (f *CertificateFiles) Read() error {
	c, err := tls.LoadX509KeyPair(f.Certificate, f.Key)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	f.Now, f.changed = &c, f.times()
	return nil
}

func (f *CertificateFiles) times() (changed [2]time.Time) {
	for i, name := range []string{f.Certificate, f.Key} {
		if info, err := os.Stat(name); err == nil {
			changed[i] = info.ModTime()
		}
	}
	return changed
}

// Get is the certificate to serve with, read again if its files have changed.
func (f *CertificateFiles) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); now.Sub(f.Looked) >= certificateLook {
		f.Looked = now
		if f.times() != f.changed {
			_ = f.Read() // half written as yet: the old one serves
		}
	}
	return f.Now, nil
}
