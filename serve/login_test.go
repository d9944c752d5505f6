package serve

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/serve/wire"
)

// certificate makes a certificate of localhost, and its key, in PEM.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})
}

// guarded starts a server that asks for passwords in every way, with TLS, and returns its address and certificate.
func guarded(t *testing.T) (address, certFile string) {
	t.Helper()
	if os.Getenv("BEAMFIT_TEST_PG") == "" {
		t.Skip("BEAMFIT_TEST_PG is not set: run scripts/test")
	}
	dir, err := os.MkdirTemp("", "beamfit-serve-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the server may be of another user
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("../scripts/postgres", "stop", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	out, err := exec.Command("../scripts/postgres", "start", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	at := strings.TrimSpace(string(out))
	admin, _ := connect(t, at+"?sslmode=disable", pgx.QueryExecModeSimpleProtocol)
	data := ask(t, admin, "SELECT current_setting('data_directory')")
	cert, key := certificate(t)
	certFile = filepath.Join(dir, "server.crt")
	if err := os.WriteFile(certFile, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	// The server itself writes its files, which must be its own.
	for file, content := range map[string]string{
		"server.crt": string(cert), "server.key": string(key),
		"pg_hba.conf": "local all all trust\nhost all postgres 127.0.0.1/32 trust\nhost all m5 127.0.0.1/32 md5\nhost all pw 127.0.0.1/32 password\nhost all bob 127.0.0.1/32 scram-sha-256\n",
	} {
		run(t, admin, "COPY (SELECT unnest(string_to_array($1, E'\\n'))) TO PROGRAM "+quoted("umask 077; cat > "+filepath.Join(data, file)), content)
	}
	for _, sql := range []string{
		"SET password_encryption = 'scram-sha-256'", "CREATE ROLE bob LOGIN PASSWORD 'b''ob secret'", "CREATE ROLE pw LOGIN PASSWORD 'pwpw'", "SET password_encryption = 'md5'", "CREATE ROLE m5 LOGIN PASSWORD 'm5m5'",
		"ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()",
	} {
		run(t, admin, sql)
	}
	eventually(t, admin, "SELECT current_setting('ssl') || (SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL)", "on0")
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host, certFile
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// TestLogins: every way of asking for a password, with and without TLS on either side.
func TestLogins(t *testing.T) {
	address, certFile := guarded(t)
	cert, key := certificate(t)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"bob": "b'ob secret", "pw": "pwpw", "m5": "m5m5", "postgres": "any"}
	for _, auth := range []wire.Auth{wire.AuthAuto, wire.AuthRelay, wire.AuthPassword} {
		for _, upstream := range []string{"disable", "verify-full&sslrootcert=" + url.QueryEscape(certFile)} {
			up, err := wire.NewUpstream("postgres://"+address+"/?sslmode="+upstream, auth)
			if err != nil {
				t.Fatal(err)
			}
			s := start(t, func(o *Options) {
				o.Upstream, o.Auth, o.TLS = up, auth, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
			})
			proxied, err := url.Parse(s.proxied)
			if err != nil {
				t.Fatal(err)
			}
			for _, client := range []string{"disable", "require"} {
				for user, secret := range secrets {
					name := fmt.Sprintf("%s, upstream %.7s, client %s, %s", auth, upstream, client, user)
					to := url.URL{Scheme: "postgres", User: url.UserPassword(user, secret), Host: proxied.Host, Path: "/postgres", RawQuery: "sslmode=" + client}
					c, err := pgx.Connect(context.Background(), to.String())
					// Channel binding does not pass a relay where both sides have TLS; and nobody is asked as the superuser.
					switch {
					case user == "bob" && auth == wire.AuthRelay && client == "require" && upstream != "disable":
						if err == nil && c.Close(context.Background()) == nil {
							continue // pgx does not insist on it
						}
						continue
					case user == "postgres" && auth == wire.AuthPassword:
					case err != nil:
						t.Errorf("%s: %v", name, err)
						continue
					}
					if err == nil {
						if got := ask(t, c, "SELECT current_user"); got != user {
							t.Errorf("%s: the user is %s", name, got)
						}
						_ = c.Close(context.Background())
					}
					if user == "postgres" {
						continue
					}
					to.User = url.UserPassword(user, "wrong")
					if c, err = pgx.Connect(context.Background(), to.String()); err == nil {
						t.Errorf("%s: a wrong password was taken", name)
						_ = c.Close(context.Background())
						continue
					}
					wantError(t, err, "28P01", "password authentication failed")
				}
			}
			if strings.Contains(s.log.String(), "secret") {
				t.Errorf("the log has a password:\n%s", s.log)
			}
		}
	}
}

// TestNegotiatesOnce: a client of a newer protocol is told once which one is spoken, also where the proxy asks for the password when the server has
// spoken already.
func TestNegotiatesOnce(t *testing.T) {
	address, certFile := guarded(t)
	cert, key := certificate(t)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, func(o *Options) {
		if o.Upstream, err = wire.NewUpstream("postgres://"+address+"/?sslmode=verify-full&sslrootcert="+url.QueryEscape(certFile), wire.AuthAuto); err != nil {
			t.Fatal(err)
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"postgresql"}, MinVersion: tls.VersionTLS12}
	})
	proxied, err := url.Parse(s.proxied)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tls.Dial("tcp", proxied.Host, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"postgresql"}}) // its certificate is of another test
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	client := pgproto3.NewFrontend(c, c)
	client.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion32, Parameters: map[string]string{"user": "bob", "database": "postgres"}})
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	told := 0
	for {
		m, err := client.Receive()
		if err != nil {
			t.Fatal(err)
		}
		switch m := m.(type) {
		case *pgproto3.NegotiateProtocolVersion:
			told++
		case *pgproto3.AuthenticationCleartextPassword:
			client.Send(&pgproto3.PasswordMessage{Password: "b'ob secret"})
			if err := client.Flush(); err != nil {
				t.Fatal(err)
			}
		case *pgproto3.ErrorResponse:
			t.Fatal(m.Message)
		case *pgproto3.ReadyForQuery:
			if told != 1 {
				t.Errorf("the version is told %d times", told)
			}
			return
		}
	}
}

// TestUnasked: a server that lets everybody in does so only for clients of this machine.
func TestUnasked(t *testing.T) {
	s := start(t, func(o *Options) { o.AllowPlain = true })
	open := everywhere(t, s)
	_, err := pgx.Connect(context.Background(), open.String())
	wantError(t, err, "28000", "without asking who the client is")
	s.proxy.auth = wire.AuthPassword
	_, err = pgx.Connect(context.Background(), open.String())
	wantError(t, err, "28000", "connect with TLS")
}

// everywhere makes the proxy listen where other machines can connect, and returns the URL of that.
func everywhere(t *testing.T, s testServer) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.proxy.Serve(l) }()
	t.Cleanup(func() {
		_ = l.Close()
		<-served
	})
	u, err := url.Parse(s.proxied)
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	u.Host = "127.0.0.1:" + port
	return u
}

// TestPlainClients: where other machines can connect, clients without TLS are let in only where that is allowed, and never send a password in clear.
func TestPlainClients(t *testing.T) {
	address, _ := guarded(t)
	cert, key := certificate(t)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, allowed := range []bool{false, true} {
		s := start(t, func(o *Options) {
			if o.Upstream, err = wire.NewUpstream("postgres://"+address+"/?sslmode=disable", wire.AuthAuto); err != nil {
				t.Fatal(err)
			}
			o.AllowPlain, o.TLS = allowed, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		})
		open := everywhere(t, s)
		for user, secret := range map[string]string{"bob": "b'ob secret", "pw": "pwpw"} {
			for _, mode := range []string{"disable", "require"} {
				to := url.URL{Scheme: "postgres", User: url.UserPassword(user, secret), Host: open.Host, Path: "/postgres", RawQuery: "sslmode=" + mode}
				c, err := pgx.Connect(context.Background(), to.String())
				if err == nil {
					_ = c.Close(context.Background())
				}
				if mode == "require" || allowed && user == "bob" {
					if err != nil {
						t.Errorf("%s, %s, plain clients allowed: %v: %v", user, mode, allowed, err)
					}
					continue
				}
				wantError(t, err, "28000", "connect with TLS")
			}
		}
	}
}

// TestUnaskedElsewhere: nobody is let in unasked by a server that is not certainly on this machine.
func TestUnaskedElsewhere(t *testing.T) {
	s := start(t, func(o *Options) {
		u, err := url.Parse(os.Getenv("BEAMFIT_TEST_PG"))
		if err != nil {
			t.Fatal(err)
		}
		if o.Upstream, err = wire.NewUpstream("postgres://0.0.0.0:"+u.Port()+"/?sslmode=disable", wire.AuthAuto); err != nil { // which is none of loopback's addresses
			t.Fatal(err)
		}
	})
	_, err := pgx.Connect(context.Background(), s.proxied)
	wantError(t, err, "28000", "without asking who the client is")
}

// TestUpstreams: what the server's URL may say.
func TestUpstreams(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://127.0.0.1:1/":                  "",
		"postgresql://localhost/db?sslmode=prefer": "",
		"postgres:///?host=/var/run/postgresql":    "",
		"postgres://db.example.org/":               "",
		"postgres://me@127.0.0.1/":                 "has a user",
		"postgres://me:secret@127.0.0.1/":          "has a user",
		"postgres://127.0.0.1/?password=secret":    "parameter password",
		"postgres://127.0.0.1/?sslcert=x":          "parameter sslcert",
		"file:data":                                "postgres://HOST:PORT/",
		"postgres://127.0.0.1/?sslmode=secret":     "sslmode",
	} {
		_, err := wire.NewUpstream(text, wire.AuthAuto)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	s := start(t, func(o *Options) {
		up, err := wire.NewUpstream("postgres://127.0.0.1:1/only", wire.AuthAuto)
		if err != nil {
			t.Fatal(err)
		}
		o.Upstream = up
	})
	_, err := pgx.Connect(context.Background(), s.proxied)
	wantError(t, err, "3D000", `"only" only`)
	u, err := url.Parse(s.proxied)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/only"
	_, err = pgx.Connect(context.Background(), u.String())
	wantError(t, err, "08001", "cannot be reached")
	const address = "127.0.0.1:1:"
	if strings.Contains(err.Error(), address) || !strings.Contains(s.log.String(), address) {
		t.Errorf("the client is told %v, and the log:\n%s", err, s.log)
	}
}
