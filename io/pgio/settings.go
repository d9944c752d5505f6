package pgio

import (
	"slices"
	"strings"
)

// A setting is a parameter of the server. Any user may change those that are named here.
type setting struct{ name, value string }

// textSettings are what values in text form depend on: those of kind Other travel so, and must not depend on the user's settings.
var textSettings = []setting{
	{"datestyle", "ISO, YMD"},
	{"intervalstyle", "postgres"},
	{"bytea_output", "hex"},
	{"extra_float_digits", "1"},
}

// Timeouts of the server that it knows from version 14 on, and from version 17 on. "0" is none.
const (
	idleTimeout        = "idle_session_timeout"
	transactionTimeout = "transaction_timeout"
)

// lastingSettings keep the sessions of a store alive while their command is, and no longer. A claim, a snapshot and the lock of an output
// are sessions that wait while others work, for as long as a fit trains. The server finds by TCP keep-alive that the machine of a
// session is gone: after a minute and a half, as this end does (keepAlive), where the systems' own settings take two hours.
var lastingSettings = []setting{
	{"idle_in_transaction_session_timeout", "0"},
	{idleTimeout, "0"},
	{transactionTimeout, "0"},
	{"tcp_keepalives_idle", "30"},
	{"tcp_keepalives_interval", "10"},
	{"tcp_keepalives_count", "6"},
}

// setKnown is the statement that changes, for the rest of the session, those settings that the server knows. They do not go into the
// startup message: a pooler such as PgBouncer refuses a connection for parameters there that it does not know.
func setKnown(settings ...[]setting) string {
	var rows []string
	for _, v := range slices.Concat(settings...) {
		rows = append(rows, "("+literal(v.name)+", "+literal(v.value)+")")
	}
	return "SELECT pg_catalog.set_config(v.name, v.value, false) FROM (VALUES " + strings.Join(rows, ", ") + ") AS v(name, value)\n" +
		"\tWHERE pg_catalog.current_setting(v.name, true) IS NOT NULL"
}
