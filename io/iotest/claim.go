package iotest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

const note = "fit since noon, process 1 on some host"

func claimed(t *testing.T, s table.Store, name table.Name) table.Claim {
	t.Helper()
	c, err := s.Claim(testContext(t), note, name)
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	return c
}

// wantClaimed requires that a name is claimed by one with the note.
func wantClaimed(t *testing.T, s table.Store, name table.Name) {
	t.Helper()
	c, err := s.Claim(testContext(t), "another", name)
	if err == nil {
		c.Release()
	}
	if !errors.Is(err, table.ErrClaimed) || !strings.Contains(err.Error(), note) || !strings.Contains(err.Error(), name.Table) {
		t.Errorf("got error %v, want ErrClaimed with the table and the note %q", err, note)
	}
}

var claimCases = []testCase{
	{"one at a time", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		c := claimed(t, s, named("t"))
		wantClaimed(t, other, named("t"))
		wantClaimed(t, s, named("t"))
		claimed(t, other, named("T")).Release() // another name
		if err := c.Held(testContext(t)); err != nil {
			t.Errorf("held: %v", err)
		}
		c.Release()
		c.Release()
		if err := c.Held(testContext(t)); err == nil {
			t.Error("a released claim is held")
		}
		next := claimed(t, other, named("t"))
		wantClaimed(t, s, named("t"))
		next.Release()
		site.wantNoStaging(t)
	}},
	{"several names, all or none", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		c, err := s.Claim(testContext(t), note, named("t"), named("t_summary"))
		if err != nil {
			t.Fatal(err)
		}
		wantClaimed(t, other, named("t"))
		wantClaimed(t, other, named("t_summary"))
		if _, err := other.Claim(testContext(t), note, named("free"), named("t_summary")); !errors.Is(err, table.ErrClaimed) || !strings.Contains(err.Error(), "t_summary") {
			t.Errorf("got error %v, want ErrClaimed about t_summary", err)
		}
		claimed(t, s, named("free")).Release() // not kept without the other one
		if err := c.Held(testContext(t)); err != nil {
			t.Errorf("held: %v", err)
		}
		c.Release()
		claimed(t, other, named("t")).Release()
		claimed(t, other, named("t_summary")).Release()
		if _, err := s.Claim(testContext(t), note, named("t"), named("t")); !errors.Is(err, table.ErrTwice) {
			t.Errorf("got error %v, want ErrTwice", err)
		}
	}},
	{"is no table and no lock on one", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		defer claimed(t, s, named("t")).Release()
		wantList(t, other)
		write(t, other, named("t"), idSchema, ints(0, 3)...)
		insert := func(tx table.Tx) error { return tx.Insert(batch(t, idSchema, ints(3, 4)...)) }
		if err := other.Mutate(testContext(t), named("t"), insert); err != nil {
			t.Fatal(err)
		}
		wantSet(t, s, named("t"), ints(0, 4))
		wantClaimed(t, other, named("t")) // also where the table exists now
	}},
	{"goes with its store", func(t *testing.T, site Site) {
		s := site.open(t)
		c := claimed(t, s, named("t"))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		claimed(t, site.open(t), named("t")).Release()
		c.Release()
		if _, err := s.Claim(testContext(t), note, named("t")); err == nil {
			t.Error("claimed in a closed store")
		}
	}},
	{"wrong use", func(t *testing.T, site Site) {
		s := site.open(t)
		if _, err := s.Claim(testContext(t), note, named("")); err == nil {
			t.Error("claimed the empty name")
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Claim(ended, note, named("t")); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want context.Canceled", err)
		}
		long := claimed(t, s, named(strings.Repeat("n", 60)))
		long.Release()
		c, err := s.Claim(testContext(t), `a 'note' \ with `+strings.Repeat("more", 100), named("t"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Claim(testContext(t), note, named("t"))
		if !errors.Is(err, table.ErrClaimed) || !strings.Contains(err.Error(), `a 'note' \ with more`) {
			t.Errorf("got error %v, want ErrClaimed with the note", err)
		}
		c.Release()
	}},
	{"goes with its process", func(t *testing.T, site Site) {
		s := site.open(t)
		kill(t, site, "claim")
		for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) { // a server takes a moment to notice
			c, err := s.Claim(testContext(t), note, named("t"))
			if err == nil {
				c.Release()
				return
			}
			if !errors.Is(err, table.ErrClaimed) || time.Since(begun) > deadline {
				t.Fatal(err)
			}
		}
	}},
}
