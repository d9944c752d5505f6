package pgio

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// checkElsewhere refuses the ref of a database that another machine would not find.
func checkElsewhere(ref string) error {
	hosts, err := hostsOf(ref)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	for _, h := range hosts {
		switch {
		case h == "" || strings.HasPrefix(h, "/") || strings.HasPrefix(h, "@"):
			return fmt.Errorf("store %s is reached by a Unix socket of this machine, which the workers do not see: name a host that they reach", ref)
		case h == "localhost" || net.ParseIP(h) != nil && (net.ParseIP(h).IsLoopback() || net.ParseIP(h).IsUnspecified()):
			return fmt.Errorf("store %s: %s is another machine for each worker: name a host that they all reach", ref, h)
		}
	}
	return nil
}

// hostsOf are the hosts of a database URL: one, several with commas, or those of the parameter host.
func hostsOf(ref string) ([]string, error) {
	_, rest, _ := strings.Cut(ref, "://")
	authority, _, _ := strings.Cut(rest, "/")
	authority, _, _ = strings.Cut(authority, "?")
	if i := strings.LastIndex(authority, "@"); i >= 0 {
		authority = authority[i+1:]
	}
	var hosts []string
	for host := range strings.SplitSeq(authority, ",") {
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		host, err := url.PathUnescape(strings.Trim(host, "[]"))
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, host)
	}
	if _, query, ok := strings.Cut(rest, "?"); ok {
		values, err := url.ParseQuery(query)
		if err != nil {
			return nil, err
		}
		if h := values.Get("host"); h != "" {
			hosts = strings.Split(h, ",")
		}
	}
	return hosts, nil
}
