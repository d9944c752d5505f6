package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/serve/madlib"
)

// runJobs runs the jobs of each row of evaluated arguments and returns the rows of the answer. The session is idle.
func (s *session) runJobs(c *call, arguments *capture) ([][][]byte, error) {
	if name := s.setting("client_encoding"); unsafeEncodings[name] {
		return nil, &madlib.Error{
			Code: "0A000", Message: "functions of MADlib cannot be called with client_encoding " + name,
			Hint: "SET client_encoding TO 'UTF8'.",
		}
	}
	if arguments.excess != nil { // and the server had sent all
		return nil, arguments.excess
	}
	types := make([]uint32, 0, len(arguments.fields))
	for _, f := range arguments.fields {
		types = append(types, f.DataTypeOID)
	}
	if want := c.arguments(); want > 0 && want != len(types) {
		return nil, &madlib.Error{
			Code: undefinedFunction, Message: fmt.Sprintf("the call has %d arguments, which the server evaluates to %d values", want, len(types)),
			Hint: "An argument may be a row of several columns.",
		}
	}
	if err := c.each(func(f *invocation, from, to int) error { return f.function.CheckTypes(f.arguments, types[from:to]) }); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	s.setStop(stop)
	defer s.setStop(nil)
	defer s.watch(stop)()
	st := &statement{begun: time.Now()}
	defer func() {
		if st.placed {
			s.proxy.places.giveBack()
		}
	}()
	var out [][][]byte
	for _, raw := range arguments.rows {
		if len(raw) != len(types) {
			return nil, fmt.Errorf("the server gives a row of %d values for %d arguments", len(raw), len(types))
		}
		row := make([]madlib.Value, len(types))
		for i := range row {
			row[i] = madlib.Value{Null: raw[i] == nil, Text: string(raw[i]), OID: types[i]}
		}
		if err := s.toUTF8(row); err != nil {
			return nil, err
		}
		var answers [][]byte
		err := c.each(func(f *invocation, from, to int) error {
			text, err := s.one(ctx, f, row[from:to], st)
			answers = append(answers, []byte(text))
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, answers)
	}
	return out, nil
}

// A statement is one whose jobs run.
type statement struct {
	begun  time.Time
	placed bool // it has a place, for all of its jobs
}

// arguments is the number of arguments of all functions of the list.
func (c *call) arguments() (n int) {
	for _, f := range c.list {
		n += len(f.arguments)
	}
	return n
}

// each calls do for the functions of the list, up to the first error. Columns from to to of evaluated arguments are those of the function. That no
// function has such arguments is an error with a place, as PostgreSQL has it.
func (c *call) each(do func(f *invocation, from, to int) error) error {
	at := 0
	for i, f := range c.list {
		from := at
		at += len(f.arguments)
		err := do(f, from, at)
		if err == nil {
			continue
		}
		if known := (*madlib.Error)(nil); c.starts != nil && errors.As(err, &known) && known.Code == undefinedFunction {
			return &placedError{err, c.rewrite.Place(c.starts[i])}
		}
		return err
	}
	return nil
}

// undefinedFunction is PostgreSQL's code of a function that is not there.
const undefinedFunction = "42883"

// A placedError is one with a place in the client's text.
type placedError struct {
	error
	place int
}

func (e *placedError) Unwrap() error { return e.error }

// one is what a function answers.
func (s *session) one(ctx context.Context, f *invocation, row []madlib.Value, st *statement) (string, error) {
	if f.function.AnswersText(f.arguments) {
		return f.function.Answer(f.arguments, row)
	}
	return "", s.timed(ctx, f, row, st)
}

// timed runs a job and tells the log and the metrics of it.
func (s *session) timed(ctx context.Context, c *invocation, row []madlib.Value, st *statement) error {
	begun := time.Now()
	s.proxy.metrics.begin()
	err := s.runJob(ctx, c, row, st)
	code := "00000"
	if err != nil {
		code = madlib.AsError(err).Code
	}
	took := time.Since(begun)
	s.proxy.metrics.end(c.function.Name, took, err != nil)
	s.log.Info("call", "function", c.function.Name, "seconds", took.Seconds(), "sqlstate", code)
	return err
}

// runJob runs one job.
func (s *session) runJob(ctx context.Context, c *invocation, row []madlib.Value, st *statement) error {
	if c.function.Refused() {
		return c.function.Run(ctx, madlib.Job{}, c.arguments, row)
	}
	if err := ctx.Err(); err != nil {
		return s.cause(ctx, err)
	}
	know, err := s.know()
	if err != nil {
		return err
	}
	if know.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, st.begun.Add(know.timeout), errTimeout)
		defer cancel()
	}
	if !st.placed {
		if err := s.takePlace(ctx); err != nil {
			return s.cause(ctx, err)
		}
		st.placed = true
	}
	return s.cause(ctx, s.lend(ctx, know, func(env pipelines.Env) error {
		err := guard(s.log.With("function", c.function.Name), func() error {
			return c.function.Run(ctx, madlib.Job{
				Env: env, Seed: know.seed, Settings: know.settings, FilesBelow: s.proxy.filesBelow, Say: s.notice,
			}, c.arguments, row)
		})
		if errors.Is(err, errDefect) { // the session is as it was
			return &madlib.Error{Code: "XX000", Message: defectMessage}
		}
		return err
	}))
}

// canceledCode is PostgreSQL's code of a statement that was cancelled.
const canceledCode = "57014"

var (
	errTimeout    = &madlib.Error{Code: canceledCode, Message: "canceling statement due to statement timeout"}
	errCanceled   = &madlib.Error{Code: canceledCode, Message: "canceling statement due to user request"}
	errClientGone = errors.New("the client is gone")
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

// isWatched tells whether jobs run, which are stopped when their client leaves.
func (s *session) isWatched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop != nil
}

// watch calls stop when the client leaves. The function that it returns ends that.
func (s *session) watch(stop context.CancelCauseFunc) (end func()) {
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := guard(s.log, s.client.AwaitEnd); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			stop(errClientGone)
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
	if len(c.rows) != 1 || len(c.rows[0]) != len(ask) {
		return knowledge{}, fmt.Errorf("the server answers a question of %d values with %d rows", len(ask), len(c.rows))
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
