package table

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
	"sync"
	"time"
)

// EnvURL is the environment variable that names the store where --db does not, and that a worker in another process
// takes the secrets of a Ref from.
const EnvURL = "BEAMFIT_DB"

// DefaultURL is the store that is used when none is named.
const DefaultURL = "file:beamfit-data"

// OpenOptions say how a store is used, in all processes that work for a job. They can be encoded as JSON.
type OpenOptions struct {
	// StallTimeout is how long nothing may move on a connection that a call waits for, before the server is asked whether it
	// works for that call; if it does not, or does not answer, the call ends with ErrUnavailable. 0: for ever. It means nothing
	// to a store without connections.
	StallTimeout time.Duration
}

// DefaultStallTimeout is the stall timeout where Open is not told another.
const DefaultStallTimeout = 3 * time.Minute

// An Option changes what Open does by default.
type Option func(*OpenOptions)

// StallTimeout sets OpenOptions.StallTimeout.
func StallTimeout(d time.Duration) Option { return func(o *OpenOptions) { o.StallTimeout = d } }

// An Opener opens a store by URL. Redact turns the URL into the store's Ref. MakeShared is as the function of that name; nil
// where the store itself says who may use it.
type Opener struct {
	Open       func(ctx context.Context, url string, opt OpenOptions) (Store, error)
	Redact     func(url string) (string, error)
	MakeShared func(ctx context.Context, url string) error
}

var (
	mu      sync.Mutex
	openers = map[string]Opener{}
	opened  = map[address]Store{} // by Connect
)

// An address is what Connect is asked for.
type address struct {
	ref string
	opt OpenOptions
}

// Register makes the stores of a URL scheme known. Packages that implement Store call it from init.
func Register(scheme string, o Opener) {
	mu.Lock()
	defer mu.Unlock()
	openers[scheme] = o
}

// Open opens the store that url names: file:DIR, postgres://... or postgresql://....
func Open(ctx context.Context, url string, options ...Option) (Store, error) {
	o, err := openerOf(url)
	if err != nil {
		return nil, err
	}
	opt := OpenOptions{StallTimeout: DefaultStallTimeout}
	for _, set := range options {
		set(&opt)
	}
	return o.Open(ctx, url, opt)
}

// MakeShared makes the store that url names one that the members of a group use together. It is an error if the store is
// there already and is not shared, or if stores of that kind have other means for that.
func MakeShared(ctx context.Context, url string) error {
	o, err := openerOf(url)
	if err != nil {
		return err
	}
	if o.MakeShared == nil {
		return errors.New("only a folder of files is shared with a group this way; in a database, GRANT says who may use a table")
	}
	return o.MakeShared(ctx, url)
}

func openerOf(url string) (Opener, error) {
	scheme, _, ok := strings.Cut(url, ":")
	mu.Lock()
	defer mu.Unlock()
	if o, found := openers[scheme]; ok && found {
		return o, nil
	}
	known := make([]string, 0, len(openers))
	for s := range openers {
		known = append(known, s+":")
	}
	sort.Strings(known)
	// What is no URL may hold a password anywhere, so it is not repeated; nor is what stands before a colon by chance.
	if !ok || !plainScheme.MatchString(scheme) {
		return Opener{}, fmt.Errorf("%w: expected one that begins with %s", ErrURL, strings.Join(known, " or "))
	}
	return Opener{}, fmt.Errorf("%w: scheme %q is not known; expected %s", ErrURL, scheme, strings.Join(known, " or "))
}

var plainScheme = regexp.MustCompile(`^[a-z][a-z0-9]{0,15}$`)

// Connect returns the store that ref addresses, for a worker in another process than the one that opened it with these options: it is opened once in
// a process and kept. Its secrets come from the environment: BEAMFIT_DB when that names the same store, else what the store's own
// client reads (PGPASSWORD, .pgpass).
func Connect(ctx context.Context, ref string, opt OpenOptions) (Store, error) {
	at := address{ref, opt}
	mu.Lock()
	s := opened[at]
	mu.Unlock()
	if s != nil {
		return s, nil
	}
	o, err := openerOf(ref)
	if err != nil {
		return nil, err
	}
	url := ref
	if env := os.Getenv(EnvURL); env != "" {
		if r, err := o.Redact(env); err == nil && r == ref {
			url = env
		}
	}
	s, err = o.Open(ctx, url, opt)
	if err != nil {
		return nil, err
	}
	mu.Lock()
	defer mu.Unlock()
	if other := opened[at]; other != nil {
		_ = s.Close()
		return other, nil
	}
	opened[at] = s
	return s, nil
}
