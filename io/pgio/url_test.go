package pgio

import (
	"context"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

func TestRedact(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"postgres://", "postgres:///"},
		{"postgresql://host/db", "postgres://host/db"},
		{"postgres://u@host:5433/db", "postgres://u@host:5433/db"},
		{"postgres://u:secret@host/db", "postgres://u@host/db"},
		{"postgres://:secret@host/db", "postgres://host/db"},
		{"postgres://u:sec%40ret%2F@host/db", "postgres://u@host/db"},
		{"postgres://u:sec:ret?@host/db", "postgres://u@host/db"},
		{"postgres://h1:1,h2:2,[::1]:3/db", "postgres://h1:1,h2:2,[::1]:3/db"},
		{"postgres://h/db?sslmode=disable&password=secret&application_name=x", "postgres://h/db?application_name=x&sslmode=disable"},
		{"postgres://h/db?pass%77ord=secret", "postgres://h/db"},
		{"postgres://h/db?sslpassword=secret&PASSWORD=secret", "postgres://h/db"},
		{"postgres://h/db?options=-csearch_path%3Da&host=/tmp", "postgres://h/db?host=/tmp&options=-csearch_path%3Da"},
	} {
		got, err := redact(c.url)
		if err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.url, got, err, c.want)
		}
		if again, err := redact(got); err != nil || again != got {
			t.Errorf("%s: the ref of ref %q is %q, %v", c.url, got, again, err)
		}
	}
}

// hostileURLs hold the password hunter2 where careless messages would show it.
var hostileURLs = []string{
	"postgres://u:hunter2@host:port/db",
	"postgres://u:hun/ter2/hunter2@host/db",
	"postgres://u:x@hunter2@host/db",
	"postgres://u:a/b?hunter2@host/db",
	"postgres://u:hunter2",
	"postgres://u:hunter2/db",
	"postgres://u:%zzhunter2@host/db",
	"postgres://u:hunter2@host/db?sslmode=bad",
	"postgres://u:hunter2@host/db?connect_timeout=bad",
	"postgres://u:hunter2@host/db?pool_max_conns=bad",
	"postgres://host/db?password=hunter2&sslmode=bad",
	"postgres://host/db?password=hunter2&x",
	"postgres://host/db?password=hunter2=hunter2",
	"postgres://host/db?pass%77ord=hunter2&port=bad",
	"postgres://host/db?password=%zzhunter2",
	"postgres:///host=x password=hunter2",
	"postgres:///?dbname=host%3Dx%20password%3Dhunter2",
	"postgres:host=x user=u password=hunter2",
	"postgres:/u:hunter2@host/db",
	"host=x user=u password=hunter2",
	"host=x user=u password='hunter2:x'",
	"postgres ://u:hunter2@host",
	"Postgres://u:hunter2@host",
	"u:hunter2@host/db",
	"postgres://u:hunter2@host/db\x00",
	"postgres://u:hunter2@host/db?sslrootcert=/nonexistent",
	"postgres://u:hunter2@host/db?service=none&servicefile=/nonexistent",
	"postgres://u:hunter2@127.0.0.1:1/db",
	"postgres://127.0.0.1:1/db?password=hunter2",
	"postgres://u:hunter2@[::1/db",
	"postgres://u:hun#ter2@host/db",
	"postgres://u:ter2#hun@127.0.0.1:1/db",
	"postgres://u:ter2?hun@127.0.0.1:1/db",
	"postgres://u:ter2 hun@127.0.0.1:1/db",
	"postgres://u:ter2[hun@127.0.0.1:1/db",
	"postgres://u:ter2%25@127.0.0.1:1/db?sslmode=bad",
	"postgres://u:hunter2@127.0.0.1:1/db?target_session_attrs=bad",
}

func TestErrorsHoldNoPassword(t *testing.T) {
	ctx := context.Background()
	for _, u := range hostileURLs {
		s, err := table.Open(ctx, u)
		if err == nil {
			_ = s.Close()
			t.Errorf("%q was opened", u)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "ter2") {
			t.Errorf("%q: %v", u, err)
		}
		if ref, err := redact(u); strings.Contains(ref, "hunter2") || err != nil && strings.Contains(err.Error(), "ter2") {
			t.Errorf("%q: ref %q, %v", u, ref, err)
		}
	}
}

// FuzzRedact puts a password into every place of a URL that is one for passwords and expects it nowhere else.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{"hunter2", "a@b", "a/b", "a?b&c=d", "%41", "%", "", " ", "pass word", "ü"} {
		f.Add(s, "host:5432/db?x=y")
	}
	for _, u := range hostileURLs {
		f.Add("secret-word", u)
	}
	f.Fuzz(func(t *testing.T, secret, rest string) {
		const mark = "MARK"
		secret = mark + secret + mark
		if strings.Contains(rest, mark) {
			return
		}
		for _, u := range []string{
			"postgres://u:" + secret + "@" + rest, "postgres://" + rest + "&password=" + secret, "postgres://h/d?password=" + secret + "&" + rest, rest + secret + "@h",
		} {
			ref, err := redact(u)
			if err != nil {
				if strings.Contains(err.Error(), mark) {
					t.Errorf("%q: %v", u, err)
				}
				continue
			}
			// Behind a # or the like the text may be part of a name; behind user: or password= it never is.
			if strings.Contains(ref, mark) && (strings.HasPrefix(u, "postgres://u:") || strings.HasPrefix(u, "postgres://h/d")) && !strings.ContainsAny(secret, "/&") {
				t.Errorf("%q: ref %q", u, ref)
			}
			if again, err := redact(ref); err != nil || again != ref {
				t.Errorf("%q: the ref of ref %q is %q, %v", u, ref, again, err)
			}
		}
	})
}
