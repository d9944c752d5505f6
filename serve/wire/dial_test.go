package wire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHosts: what a server of several hosts may do without TLS, and who is let in there unasked, is what each of them may.
func TestHosts(t *testing.T) {
	for host, want := range map[string]struct{ verified, loopback bool }{
		"postgres://localhost/":                               {false, true},
		"postgres://?host=127.0.0.1,::1":                      {false, true},
		"postgres://db.example.org/":                          {true, false},
		"postgres://localhost,db.example.org/":                {true, false},
		"postgres:///?host=/var/run/postgresql":               {false, false},
		"postgres:///?host=localhost,/var/run/postgresql":     {false, false},
		"postgres://?host=db.example.org,/var/run/postgresql": {true, false},
	} {
		up, err := NewUpstream(host, AuthAuto)
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		if up.Loopback != want.loopback {
			t.Errorf("%s: loopback %v", host, up.Loopback)
		}
		for _, w := range up.ways() {
			if verified := w.tls != nil && !w.tls.InsecureSkipVerify; w.network == "tcp" && verified != want.verified {
				t.Errorf("%s: the certificate of %s is verified: %v", host, w.address, verified)
			}
		}
	}
}

// TestNoCertificate: a certificate that lies where PostgreSQL's clients look for theirs is not shown for all users of the proxy.
func TestNoCertificate(t *testing.T) {
	folder := t.TempDir()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"PGSSLCERT": {Type: "CERTIFICATE", Bytes: der}, "PGSSLKEY": {Type: "EC PRIVATE KEY", Bytes: secret}} {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, file)
	}
	up, err := NewUpstream("postgres://localhost/", AuthAuto)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range up.ways() {
		if w.tls != nil && len(w.tls.Certificates) > 0 {
			t.Errorf("a certificate is shown to %s", w.address)
		}
	}
}

// TestTargetSessionAttrs: a relay cannot look at a server before the client has logged in.
func TestTargetSessionAttrs(t *testing.T) {
	const several = "postgres://localhost,127.0.0.1/?target_session_attrs=read-write"
	if _, err := NewUpstream(several, AuthPassword); err != nil {
		t.Error(err)
	}
	for _, auth := range []Auth{AuthAuto, AuthRelay} {
		if _, err := NewUpstream(several, auth); err == nil || !strings.Contains(err.Error(), "target_session_attrs") {
			t.Errorf("%s: %v", auth, err)
		}
	}
}
