package pgio

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// An address is a connection URL taken apart as libpq does, its pieces still percent-encoded.
type address struct {
	user, hosts, path string
	query             []string // key=value, without secrets
	secrets           []string // decoded; they must not appear in any message
}

const urlForm = "postgres://user@host:port/database?option=value"

// parseURL takes a store URL apart. Its errors name parts of the URL, never their content: in a malformed URL any piece
// may be one of a password.
func parseURL(text string) (address, error) {
	bad := func(format string, args ...any) (address, error) {
		return address{}, fmt.Errorf("%w: %s; expected %s, with special characters in %%xx form", table.ErrURL, fmt.Sprintf(format, args...), urlForm)
	}
	rest, ok := strings.CutPrefix(text, "postgres://")
	if !ok {
		if rest, ok = strings.CutPrefix(text, "postgresql://"); !ok {
			return bad("it does not begin with postgres:// or postgresql://")
		}
	}
	if strings.ContainsRune(text, 0) {
		return bad("it holds a zero byte")
	}
	var a address
	if i := strings.IndexAny(rest, "@/"); i >= 0 && rest[i] == '@' {
		user, password, _ := strings.Cut(rest[:i], ":")
		a.user = user
		if err := a.addSecret(password); err != nil {
			return bad("the password is not in %%xx form")
		}
		rest = rest[i+1:]
	}
	if strings.Contains(rest, "@") {
		return bad("there is an @ that does not end the user's name and password")
	}
	rest, query, _ := strings.Cut(rest, "?")
	a.hosts, a.path, _ = strings.Cut(rest, "/")
	if err := checkPorts(a.hosts); err != nil {
		return bad("%v", err)
	}
	if host, err := url.PathUnescape(a.hosts); err != nil || strings.ContainsAny(host, "&= ") {
		return bad("the host is not a name")
	}
	if db, err := url.PathUnescape(a.path); err != nil || strings.Contains(strings.ToLower(db), "password") {
		return bad("the database is not a name")
	}
	for _, pair := range strings.Split(query, "&") {
		if pair == "" {
			continue
		}
		rawKey, rawValue, found := strings.Cut(pair, "=")
		key, err := url.PathUnescape(rawKey)
		if !found || err != nil || strings.Contains(rawValue, "=") {
			return bad("the part behind ? is not a list of key=value")
		}
		value, err := url.PathUnescape(rawValue)
		if err != nil {
			return bad("a value behind ? is not in %%xx form")
		}
		lower := strings.ToLower(key)
		switch {
		case strings.Contains(lower, "password") || strings.Contains(lower, "secret"):
			_ = a.addSecret(rawValue)
		case (lower == "dbname" || lower == "database") && strings.Contains(strings.ToLower(value), "password"):
			return bad("the database is not a name")
		default:
			a.query = append(a.query, pair)
		}
	}
	slices.Sort(a.query)
	return a, nil
}

func (a *address) addSecret(raw string) error {
	secret, err := url.PathUnescape(raw)
	if secret != "" {
		a.secrets = append(a.secrets, secret)
	}
	return err
}

// checkPorts reports a list of hosts with a port that is no port: that may be a password whose host is missing.
func checkPorts(hosts string) error {
	for _, host := range strings.Split(hosts, ",") {
		if end := strings.IndexByte(host, ']'); end >= 0 {
			host = host[end+1:]
		}
		_, port, found := strings.Cut(host, ":")
		if !found || port == "" {
			continue
		}
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return errors.New("a port is not a number from 1 to 65535")
		}
	}
	return nil
}

// ref is the URL without secrets, in one spelling.
func (a address) ref() string {
	var b strings.Builder
	b.WriteString("postgres://")
	if a.user != "" {
		b.WriteString(a.user + "@")
	}
	b.WriteString(a.hosts + "/" + a.path)
	if len(a.query) > 0 {
		b.WriteString("?" + strings.Join(a.query, "&"))
	}
	return b.String()
}

// scrub takes the secrets out of a text, as they are and percent-encoded.
func (a address) scrub(text string) string {
	for _, s := range a.secrets {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			text = strings.ReplaceAll(text, form, "xxxxx")
		}
	}
	return text
}

// redact turns a store URL into the store's Ref.
func redact(text string) (string, error) {
	a, err := parseURL(text)
	if err != nil {
		return "", err
	}
	return a.ref(), nil
}
