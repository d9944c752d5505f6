package wire

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// dialTimeout is for one address, where the URL says nothing.
const dialTimeout = 5 * time.Second

// keepAlive lets the kernel find a server that is gone.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 6}

// An Upstream is the server behind the proxy.
type Upstream struct {
	config *pgconn.Config
	// Database is the only database that clients may use; "": any.
	Database string
	// Loopback says that the server is reached by this machine's loopback whichever of its hosts it is, and never by a Unix socket, where
	// it may know the proxy's user and ask nothing.
	Loopback bool
}

// NewUpstream reads the URL of a server: host, port and TLS, perhaps a database. Users and passwords are the clients'; the URL has none.
// Without sslmode the certificates of servers are verified where one is on another machine. Its errors hold no secret.
func NewUpstream(text string, auth Auth) (*Upstream, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("the server's URL must be postgres://HOST:PORT/ or postgresql://HOST:PORT/, perhaps with a database")
	}
	q := u.Query()
	for name := range q {
		switch name {
		case "host", "port", "sslmode", "sslrootcert", "sslsni", "connect_timeout", "target_session_attrs":
		default:
			return nil, fmt.Errorf("the server's URL has the parameter %s; expected host, port, sslmode, sslrootcert, sslsni, connect_timeout or "+
				"target_session_attrs only, for who logs in, and how, is the clients' affair", name)
		}
	}
	if u.User != nil {
		return nil, errors.New("the server's URL has a user; expected none, for clients log in as themselves")
	}
	up := &Upstream{Database: strings.TrimPrefix(u.Path, "/")}
	u.User, u.Path = url.User("client"), "/client" // so that none are taken from elsewhere
	q.Set("sslcertmode", "disable")                // nor the proxy's own certificate, with which every client would be its user
	u.RawQuery = q.Encode()
	if up.config, err = pgconn.ParseConfig(u.String()); err != nil {
		return nil, errors.New("the server's URL cannot be used: " + reason(err))
	}
	hosts := up.hosts()
	up.Loopback = !slices.ContainsFunc(hosts, func(h string) bool { return !isLoopback(h) })
	here := func(host string) bool { return isSocket(host) || isLoopback(host) }
	if q.Get("sslmode") == "" && os.Getenv("PGSSLMODE") == "" && slices.ContainsFunc(hosts, func(h string) bool { return !here(h) }) {
		q.Set("sslmode", "verify-full")
		u.RawQuery = q.Encode()
		if up.config, err = pgconn.ParseConfig(u.String()); err != nil {
			return nil, errors.New("the server's URL cannot be used: " + reason(err))
		}
	}
	if up.config.ValidateConnect != nil && auth != AuthPassword {
		return nil, fmt.Errorf("the server's URL, or PGTARGETSESSIONATTRS, has target_session_attrs, which needs --auth %s: found --auth %s, with which clients log in before "+
			"a server can be asked what it is", AuthPassword, auth)
	}
	up.config.Password = ""
	if up.config.ConnectTimeout == 0 {
		up.config.ConnectTimeout = dialTimeout
	}
	return up, nil
}

// hosts are all that the server may be reached at.
func (u *Upstream) hosts() []string {
	hosts := []string{u.config.Host}
	for _, f := range u.config.Fallbacks {
		hosts = append(hosts, f.Host)
	}
	return hosts
}

// reason is pgconn's reason for not taking a URL, without the URL.
func reason(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		text = text[i+3:]
	}
	return text
}

func isSocket(host string) bool { return strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") }

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Where says which server it is, for people.
func (u *Upstream) Where() string {
	return fmt.Sprintf("host %s, port %d", u.config.Host, u.config.Port)
}

// A way is one address of a server, with or without TLS.
type way struct {
	network, address string
	tls              *tls.Config
}

func (u *Upstream) ways() []way {
	network, address := pgconn.NetworkAddress(u.config.Host, u.config.Port)
	ways := []way{{network, address, u.config.TLSConfig}}
	for _, f := range u.config.Fallbacks {
		network, address := pgconn.NetworkAddress(f.Host, f.Port)
		ways = append(ways, way{network, address, f.TLSConfig})
	}
	return ways
}

// A Route is the way on which a server was reached: requests to cancel must go to the same one.
type Route struct {
	way     way
	timeout time.Duration
}

// routeTo is the way on which a connection was made. It has the address that a name meant, which may mean another server the next time.
func routeTo(c net.Conn, tls *tls.Config, timeout time.Duration) Route {
	return Route{way{c.RemoteAddr().Network(), c.RemoteAddr().String(), tls}, timeout}
}

// Dial connects to the server. Nothing has been said then.
func (u *Upstream) Dial(ctx context.Context) (*Conn, Route, error) {
	var all []error
	for _, w := range u.ways() {
		c, err := Route{w, u.config.ConnectTimeout}.dial(ctx)
		if err == nil {
			return NewConn(c), routeTo(c, w.tls, u.config.ConnectTimeout), nil
		}
		all = append(all, err)
	}
	return nil, Route{}, errors.Join(all...)
}

func (r Route) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	d := net.Dialer{KeepAliveConfig: keepAlive}
	c, err := d.DialContext(ctx, r.way.network, r.way.address)
	if err != nil || r.way.tls == nil {
		return c, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	t, err := r.encrypt(ctx, c)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return t, nil
}

func (r Route) encrypt(ctx context.Context, c net.Conn) (net.Conn, error) {
	if _, err := c.Write([]byte{0, 0, 0, 8, 4, 210, 22, 47}); err != nil { // tlsCode
		return nil, err
	}
	var answer [1]byte
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		return nil, err
	}
	if answer[0] != 'S' {
		return nil, fmt.Errorf("the server at %s has no TLS", r.way.address)
	}
	t := tls.Client(c, r.way.tls)
	return t, t.HandshakeContext(ctx)
}

// Cancel passes a request to cancel to the server, and waits until it was heard.
func (r Route) Cancel(ctx context.Context, request []byte) error {
	c, err := r.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(r.timeout)) // a bound; without one it works as well
	if _, err := c.Write(request); err != nil {
		return err
	}
	_, _ = c.Read(make([]byte, 1)) // the server closes when the signal is sent
	return nil
}

// CancelRequest is the request to cancel what a session does; key is its process ID and secret key.
func CancelRequest(key []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(key)+8))
	return append(binary.BigEndian.AppendUint32(b, cancelCode), key...)
}
