package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/io/pgio"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/serve/loan"
	"github.com/beamfit/beamfit/serve/madlib"
	"github.com/beamfit/beamfit/serve/wire"
)

// jobs runs the job of each row of evaluated arguments and returns the rows of the answer. The session is idle.
func (s *session) jobs(c *call, arguments *capture) ([]string, error) {
	if name := s.setting("client_encoding"); unsafeEncodings[name] {
		return nil, &madlib.Error{
			Code: "0A000", Message: "functions of MADlib cannot be called with client_encoding " + name,
			Hint: "SET client_encoding TO 'UTF8'.",
		}
	}
	types := make([]uint32, 0, len(arguments.fields))
	for _, f := range arguments.fields {
		types = append(types, f.DataTypeOID)
	}
	if len(c.arguments) == 0 {
		types = nil // of the NULL that stands for none
	}
	if err := c.function.CheckTypes(c.arguments, types); err != nil {
		return nil, err
	}
	var out []string
	for _, raw := range arguments.rows {
		row := make([]madlib.Value, len(types))
		for i := range row {
			row[i] = madlib.Value{Null: raw[i] == nil, Text: string(raw[i]), OID: types[i]}
		}
		if err := s.toUTF8(row); err != nil {
			return nil, err
		}
		text := ""
		var err error
		if c.function.AnswersText(c.arguments) {
			text, err = c.function.Answer(c.arguments, row)
		} else {
			err = s.timed(c, row)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

// unsafeEncodings are those in which a byte of a character may look like an ASCII character, so that text cannot be taken apart.
var unsafeEncodings = map[string]bool{
	"BIG5": true, "GB18030": true, "GBK": true, "JOHAB": true, "SHIFT_JIS_2004": true, "SJIS": true, "UHC": true,
}

// toUTF8 converts texts that came in another encoding. The server does it, byte by byte: what the texts hold never is part of a statement.
func (s *session) toUTF8(row []madlib.Value) error {
	encoding := s.setting("client_encoding")
	if encoding == "UTF8" || encoding == "SQL_ASCII" || encoding == "" {
		return nil
	}
	for i, v := range row {
		if isASCII(v.Text) {
			continue
		}
		c, err := s.hide(fmt.Sprintf("SELECT pg_catalog.encode(pg_catalog.convert('\\x%x', '%s', 'UTF8'), 'escape')", v.Text, strings.ReplaceAll(encoding, "'", "''")))
		if err != nil {
			return err
		}
		if row[i].Text, err = unescape(string(c.rows[0][0])); err != nil {
			return err
		}
	}
	return nil
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// unescape reads what encode(..., 'escape') writes.
func unescape(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\\':
			b.WriteByte(text[i])
		case i+1 < len(text) && text[i+1] == '\\':
			b.WriteByte('\\')
			i++
		case i+3 < len(text):
			n, err := strconv.ParseUint(text[i+1:i+4], 8, 8)
			if err != nil {
				return "", err
			}
			b.WriteByte(byte(n))
			i += 3
		default:
			return "", errors.New("a text of the server ends in the middle of an escape")
		}
	}
	return b.String(), nil
}

// timed runs a job and tells the log and the metrics of it.
func (s *session) timed(c *call, row []madlib.Value) error {
	begun := time.Now()
	s.proxy.metrics.begin()
	err := s.job(c, row)
	code := "00000"
	if err != nil {
		code = madlib.AsError(err).Code
	}
	took := time.Since(begun)
	s.proxy.metrics.end(c.function.Name, took, err != nil)
	s.log.Info("call", "function", c.function.Name, "seconds", took.Seconds(), "sqlstate", code)
	return err
}

// job runs one job.
func (s *session) job(c *call, row []madlib.Value) (err error) {
	if c.function.Refused() {
		return c.function.Run(context.Background(), madlib.Job{}, c.arguments, row)
	}
	know, err := s.know()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	s.setStop(stop)
	defer s.setStop(nil)
	defer s.watch(stop)()
	if know.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, know.timeout, errTimeout)
		defer cancel()
	}
	release, err := s.proxy.takeJob(ctx, s.notice)
	if err != nil {
		return s.cause(ctx, err)
	}
	defer release()
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("panic", "function", c.function.Name, "value", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = &madlib.Error{Code: "XX000", Message: "beamfit failed; its log tells how"}
		}
	}()
	return s.cause(ctx, s.lend(ctx, know, func(env pipelines.Env) error {
		return c.function.Run(ctx, madlib.Job{
			Env: env, Seed: know.seed, Settings: know.settings, FilesBelow: s.proxy.filesBelow, Say: s.notice,
		}, c.arguments, row)
	}))
}

var (
	errTimeout  = &madlib.Error{Code: "57014", Message: "canceling statement due to statement timeout"}
	errCanceled = &madlib.Error{Code: "57014", Message: "canceling statement due to user request"}
	errGone     = errors.New("the client is gone")
)

// cause is the reason of an error where its context has ended.
func (s *session) cause(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	var known *madlib.Error
	switch why := context.Cause(ctx); {
	case errors.As(why, &known):
		return known
	case errors.Is(why, errShutdown):
		return &madlib.Error{Code: "57P01", Message: "terminating connection due to administrator command"}
	}
	return errCanceled
}

func (s *session) setStop(stop context.CancelCauseFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop = stop
}

// watch stops a job when its client leaves. The function that it returns ends that.
func (s *session) watch(stop context.CancelCauseFunc) (end func()) {
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := s.client.AwaitEnd(); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			stop(errGone)
		}
	}()
	return func() {
		_ = s.client.Wake()
		<-watched
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.lost == nil && !s.leaving {
			_ = s.client.SetReadDeadline(time.Time{})
		}
	}
}

// A knowledge is what the server tells of a session before a job.
type knowledge struct {
	seed     uint64
	timeout  time.Duration
	settings madlib.Settings
	own      bool // the job may begin transactions of its own
}

// know asks the server.
func (s *session) know() (knowledge, error) {
	ask := []string{
		"pg_catalog.pg_backend_pid()", "pg_catalog.random()",
		"(SELECT setting FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) 'statement_timeout')",
	}
	for _, name := range madlib.SettingNames() {
		ask = append(ask, "pg_catalog.current_setting('"+name+"', true)")
	}
	c, err := s.hide("SELECT " + strings.Join(ask, ", "))
	if err != nil {
		return knowledge{}, err
	}
	row := make([]string, len(ask))
	for i, v := range c.rows[0] {
		row[i] = string(v)
	}
	k := knowledge{}
	if k.settings, err = madlib.ReadSettings(row[3:], s.proxy.settings); err != nil {
		return k, err
	}
	random, err := strconv.ParseFloat(row[1], 64)
	if err != nil {
		return k, err
	}
	k.seed = uint64(random * (1 << 48))
	if k.settings.Seed != nil {
		k.seed = *k.settings.Seed
	}
	ms, err := strconv.ParseInt(row[2], 10, 64)
	if err != nil {
		return k, err
	}
	k.timeout = time.Duration(ms) * time.Millisecond
	// Behind a pooler the next transaction may be of another process.
	k.own = s.transaction() == 'I' && row[0] == strconv.FormatUint(uint64(s.login.PID()), 10)
	return k, nil
}

// lend lends the session to a job, inside the transaction or without one.
func (s *session) lend(ctx context.Context, know knowledge, run func(pipelines.Env) error) error {
	mode := pgio.OwnTransactions
	if !know.own {
		mode = pgio.InsideTransaction
		if s.transaction() == 'I' {
			if said, err := s.beginHidden(s.hide("BEGIN")); said != nil || err != nil {
				return errors.Join(err, asError(said))
			} // it ends with what the client has sent
		}
		if _, err := s.hide("SAVEPOINT beamfit_call"); err != nil {
			return err
		}
	}
	err := s.lendIn(ctx, mode, run)
	if s.gone() != nil {
		return cmp.Or(err, errLost)
	}
	return cmp.Or(err, s.takeBack(mode, err == nil))
}

var errLost = errors.New("the connection to the server was lost")

// gone is why the server is gone, nil while it is not.
func (s *session) gone() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

func (s *session) lendIn(ctx context.Context, mode pgio.SessionMode, run func(pipelines.Env) error) (err error) {
	l, err := loan.Open(ctx, s.terms())
	if err != nil {
		return err
	}
	s.setLoan(l)
	defer func() {
		broken := l.Conn.IsClosed() || l.Conn.PgConn().IsBusy()
		l.End()
		s.setLoan(nil)
		if broken {
			_ = s.server.Close() // nobody knows what the server is about to say
			s.await()
		}
	}()
	store, err := pgio.OpenSession(ctx, l.Conn, mode)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, store.Close()) }()
	return run(pipelines.Env{Store: store, Workers: s.proxy.workers, Memory: s.proxy.memory})
}

// terms are what the session is lent at.
func (s *session) terms() loan.Terms {
	s.mu.Lock()
	defer s.mu.Unlock()
	return loan.Terms{Server: s.server, Parameters: maps.Clone(s.parameters), Key: s.login.Key, Status: s.status, Cancel: func() {
		ctx, cancel := context.WithTimeout(context.Background(), cancelTimeout)
		defer cancel()
		_ = s.login.Route.Cancel(ctx, wire.CancelRequest(s.login.Key)) // else the server ends the statement by itself
	}}
}

// cancelTimeout bounds the time to tell a server that it should cancel.
const cancelTimeout = 5 * time.Second

func (s *session) setLoan(l *loan.Loan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loan = l
}

// await waits until the server's end of the session is known to be lost.
func (s *session) await() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.lost == nil {
		s.changed.Wait()
	}
}

// takeBack ends what the session was lent in.
func (s *session) takeBack(mode pgio.SessionMode, ok bool) error {
	sql := ""
	switch {
	case mode == pgio.InsideTransaction && ok:
		sql = "RELEASE SAVEPOINT beamfit_call"
	case mode == pgio.InsideTransaction:
		sql = "ROLLBACK TO SAVEPOINT beamfit_call; RELEASE SAVEPOINT beamfit_call"
	case s.transaction() != 'I':
		sql = "ROLLBACK"
	default:
		return nil
	}
	_, err := s.hide(sql)
	return err
}

// fail tells the client of an error and leaves the transaction as an error of the server would.
func (s *session) fail(err error) error {
	if lost := s.gone(); lost != nil {
		return errors.Join(lost, s.sayFarewell())
	}
	m := s.errorMessage(err)
	switch {
	case s.began:
		if err := s.end(false); err != nil {
			return err
		}
	case s.transaction() == 'T':
		// The server's transaction must fail too. Its log has the message then.
		_, err := s.hide("DO $beamfit$ BEGIN RAISE EXCEPTION USING MESSAGE = " + literal(m.Message) + ", ERRCODE = " + literal(m.Code) + "; END $beamfit$")
		if said, err := ofServer(err); err != nil || said == nil {
			return cmp.Or(err, errors.New("the server's transaction goes on after an error"))
		}
	}
	return s.client.Send(m)
}

// sayFarewell passes on what the server said when it ended the session.
func (s *session) sayFarewell() error {
	s.mu.Lock()
	body := s.farewell
	s.mu.Unlock()
	if body == nil {
		return s.client.Send(wire.Fatal("08006", errLost.Error(), ""))
	}
	return errors.Join(s.client.Put('E', body), s.client.Flush())
}

// literal writes a string constant in ASCII, which means the same with every setting of the session.
func literal(text string) string {
	var b strings.Builder
	b.WriteString("E'")
	for _, r := range text {
		switch {
		case r == '\\' || r == '\'':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '$' || r < ' ' && r != '\n' && r != '\t': // $ could end the body
			fmt.Fprintf(&b, "\\%03o", r)
		case r >= utf8.RuneSelf:
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// errorMessage is an error for the client.
func (s *session) errorMessage(err error) *pgproto3.ErrorResponse {
	if said, _ := ofServer(err); said != nil {
		return said
	}
	e := madlib.AsError(err)
	return &pgproto3.ErrorResponse{
		Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: e.Code, Message: s.encode(e.Message), Detail: s.encode(e.Detail), Hint: s.encode(e.Hint),
	}
}

func asError(m *pgproto3.ErrorResponse) error {
	if m == nil {
		return nil
	}
	return &serverError{m}
}

// notice tells the client something while a job runs.
func (s *session) notice(text string) {
	_ = s.client.Send(&pgproto3.NoticeResponse{Severity: "INFO", SeverityUnlocalized: "INFO", Code: "00000", Message: s.encode(text)}) // a client that is gone is noticed elsewhere
}

// encode makes a text one that clients of any encoding can read: where theirs is not UTF8, what is not ASCII becomes a question mark.
func (s *session) encode(text string) string {
	text = strings.ReplaceAll(text, "\x00", "?")
	if e := s.setting("client_encoding"); e == "UTF8" || e == "SQL_ASCII" {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, text)
}

// isFatal tells an error that ends the session.
func isFatal(body []byte) bool {
	var m pgproto3.ErrorResponse
	return m.Decode(body) == nil && slices.Contains([]string{"FATAL", "PANIC"}, cmp.Or(m.SeverityUnlocalized, m.Severity))
}
