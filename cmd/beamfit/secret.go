package main

import (
	"io"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/visible"
	"github.com/beamfit/beamfit/io/table"
)

// hidden stands where a secret was.
const hidden = "xxxxx"

// secretWriter keeps passwords out of what it writes, and what would steer a terminal. The stores keep passwords out of their errors
// and refs already; this is the last net under messages that other libraries write.
type secretWriter struct {
	w    io.Writer
	hide *strings.Replacer
}

// messages is where errors and logs go.
func (a *app) messages() io.Writer { return secretWriter{besideProgress{a}, a.secrets()} }

func (s secretWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.w, visible.Text(s.hide.Replace(string(p)))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// The passwords of a URL as it writes them, also where url.Parse refuses it: between the user and the last @, and in options.
var urlSecrets = []*regexp.Regexp{
	regexp.MustCompile(`[a-z]+://[^:/?#]*:(.*)@`),
	regexp.MustCompile(`(?i)[?&][^=&]*(?:password|secret)[^=&]*=([^&]*)`),
}

// secretSpans are where the passwords of the URL in a text begin and end.
func secretSpans(text string) (spans [][2]int) {
	for _, r := range urlSecrets {
		for _, m := range r.FindAllStringSubmatchIndex(text, -1) {
			spans = append(spans, [2]int{m[2], m[3]})
		}
	}
	return spans
}

// secrets replaces the passwords that this process was given, and the secrets of an engine, as they are and as URLs write them. One that is so short that
// it could be part of a word is replaced where URLs have it only.
func (a *app) secrets() *strings.Replacer {
	var pairs []string
	add := func(secret string) {
		if len(secret) >= 4 {
			pairs = append(pairs, secret, hidden)
		} else if secret != "" {
			pairs = append(pairs, ":"+secret+"@", ":"+hidden+"@", "password="+secret, "password="+hidden)
		}
	}
	urls := []string{a.db, os.Getenv(table.EnvURL)}
	for name, value := range a.runnerOptions {
		urls = append(urls, value) // Flink's REST interface, and whatever the engine has
		if _, err := strconv.ParseBool(value); err != nil && secretPair.MatchString(name+"=") {
			add(value)
		}
	}
	for _, text := range urls {
		for _, span := range secretSpans(text) {
			add(text[span[0]:span[1]])
		}
		if u, err := url.Parse(text); err == nil {
			if p, ok := u.User.Password(); ok {
				add(p)
				add(url.QueryEscape(p))
			}
			add(u.Query().Get("password"))
		}
	}
	add(os.Getenv("PGPASSWORD"))
	return strings.NewReplacer(pairs...)
}
