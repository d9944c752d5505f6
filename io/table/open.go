package table

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
)

// EnvURL is the environment variable that names the store where --db does not, and that a worker in another process
// takes the secrets of a Ref from.
const EnvURL = "BEAMFIT_DB"

// DefaultURL is the store that is used when none is named.
const DefaultURL = "file:beamfit-data"

// An Opener opens a store by URL. Redact turns the URL into the store's Ref.
type Opener struct {
	Open   func(ctx context.Context, url string) (Store, error)
	Redact func(url string) (string, error)
}

var (
	mu      sync.Mutex
	openers = map[string]Opener{}
	shared  = map[string]Store{}
)

// Register makes the stores of a URL scheme known. Packages that implement Store call it from init.
func Register(scheme string, o Opener) {
	mu.Lock()
	defer mu.Unlock()
	openers[scheme] = o
}

// Open opens the store that url names: file:DIR, postgres://... or postgresql://....
func Open(ctx context.Context, url string) (Store, error) {
	o, err := openerOf(url)
	if err != nil {
		return nil, err
	}
	return o.Open(ctx, url)
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
	if !ok {
		return Opener{}, fmt.Errorf("store %q: expected a URL that begins with one of %s", url, strings.Join(known, " "))
	}
	return Opener{}, fmt.Errorf("store with scheme %q is not known; expected one of %s", scheme, strings.Join(known, " "))
}

// Share lets Connect find an open store in this process until the returned function is called.
func Share(s Store) (unshare func()) {
	ref := s.Ref()
	mu.Lock()
	defer mu.Unlock()
	shared[ref] = s
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if shared[ref] == s {
			delete(shared, ref)
		}
	}
}

// Connect returns the store that ref addresses: the one shared in this process, or, in a worker of another process, one
// that is opened once and kept. A worker's secrets come from its environment: BEAMFIT_DB when that names the same store,
// else what the store's own client reads (PGPASSWORD, .pgpass).
func Connect(ctx context.Context, ref string) (Store, error) {
	mu.Lock()
	s := shared[ref]
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
	s, err = o.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	mu.Lock()
	defer mu.Unlock()
	if other := shared[ref]; other != nil {
		_ = s.Close()
		return other, nil
	}
	shared[ref] = s
	return s, nil
}
