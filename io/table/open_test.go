package table

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// closable is a store that can only be closed.
type closable struct {
	Store
	ref    string
	opt    OpenOptions
	closed bool
}

func (c *closable) Ref() string  { return c.ref }
func (c *closable) Close() error { c.closed = true; return nil }

// opening registers a scheme for the test whose URLs are scheme:address#secret, and returns the URLs opened.
func opening(t *testing.T, scheme string) *[]string {
	t.Helper()
	var lock sync.Mutex
	urls := new([]string)
	redact := func(url string) (string, error) {
		ref, _, _ := strings.Cut(url, "#")
		return ref, nil
	}
	Register(scheme, Opener{Redact: redact, Open: func(_ context.Context, url string, opt OpenOptions) (Store, error) {
		lock.Lock()
		defer lock.Unlock()
		*urls = append(*urls, url)
		if strings.HasSuffix(url, "#wrong") {
			return nil, ErrPermission
		}
		ref, err := redact(url)
		return &closable{ref: ref, opt: opt}, err
	}})
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		delete(openers, scheme)
		for at := range opened {
			if strings.HasPrefix(at.ref, scheme+":") {
				delete(opened, at)
			}
		}
	})
	return urls
}

func TestOpenUnknown(t *testing.T) {
	opening(t, "opentest")
	for _, url := range []string{"", "hunter2", "host=x password=hunter2", "host=x password='a:hunter2'", "host=hunter2:x", "mysql://u:hunter2@h", "password=hunter2:opentest"} {
		_, err := Open(context.Background(), url)
		if err == nil || !strings.Contains(err.Error(), "opentest:") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got error %v, want one that names the schemes and nothing else", url, err)
		}
	}
}

func TestConnect(t *testing.T) {
	urls := opening(t, "connecttest")
	ctx := context.Background()
	t.Setenv(EnvURL, "connecttest:a#secret")
	first, err := Connect(ctx, "connecttest:a", OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Connect(ctx, "connecttest:a", OpenOptions{}); again != first || err != nil {
		t.Errorf("got %v, %v, want the store opened before", again, err)
	}
	if _, err := Connect(ctx, "connecttest:b", OpenOptions{}); err != nil {
		t.Error(err)
	}
	t.Setenv(EnvURL, "connecttest:c#wrong")
	if _, err := Connect(ctx, "connecttest:c", OpenOptions{}); !errors.Is(err, ErrPermission) {
		t.Errorf("got error %v, want that of the store", err)
	}
	// Runs may open a store in different ways.
	opt := OpenOptions{StallTimeout: time.Second}
	if other, err := Connect(ctx, "connecttest:b", opt); err != nil || other.(*closable).opt != opt {
		t.Errorf("got %v, %v, want a store with %+v", other, err, opt)
	}
	if want := "connecttest:a#secret connecttest:b connecttest:c#wrong connecttest:b"; strings.Join(*urls, " ") != want {
		t.Errorf("opened %q, want %q", *urls, want)
	}
}

// TestConnectAtTheSameTime: all get one store, and what was opened beside it is closed.
func TestConnectAtTheSameTime(t *testing.T) {
	opening(t, "racetest")
	var wg sync.WaitGroup
	stores := make([]Store, 8)
	for i := range stores {
		wg.Go(func() {
			var err error
			if stores[i], err = Connect(context.Background(), "racetest:x", OpenOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range stores {
		if s != stores[0] || s.(*closable).closed {
			t.Error("different or closed stores were returned")
		}
	}
}

func TestErrors(t *testing.T) {
	name := Name{"s", "T"}
	many := []string{"id"}
	for i := range 10 {
		many = append(many, fmt.Sprint("feature_", i))
	}
	for _, c := range []struct {
		err  error
		is   error
		text string
	}{
		{&TableError{name, ErrNotExist}, ErrNotExist, `table s."T": does not exist`},
		{&ColumnError{Table: name, Column: "x", Columns: []string{"a", "b"}}, ErrNotExist, `table s."T": column "x" does not exist; the columns are a, b`},
		{&ColumnError{Column: "feature10", Columns: many}, ErrNotExist, `column "feature10" does not exist; the nearest of its 11 columns are feature_1, feature_0, feature_2`},
		{&ColumnError{Column: "x", Columns: []string{"a", "B c"}}, ErrNotExist, `column "x" does not exist; the columns are a, "B c"`},
		{
			&ColumnError{Column: "survived", Columns: []string{"PassengerId", "Survived"}}, ErrNotExist,
			`column "survived" does not exist; column "Survived" does: a name with capitals needs double quotes, in a shell '"Survived"'`,
		},
		{&ColumnError{Column: "Age", Columns: []string{"age"}}, ErrNotExist, `column "Age" does not exist; column age does, without capitals`},
		{&ValueError{name, "x", 3, ErrCorrupt}, ErrCorrupt, `table s."T", column "x", row 3: corrupt`},
	} {
		if !errors.Is(c.err, c.is) || c.err.Error() != c.text {
			t.Errorf("got %q, want %q", c.err, c.text)
		}
	}
}
