package pgio

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/beamfit/beamfit/io/table"
)

// output is a set of staging tables, owned by the session that holds the advisory lock.
type output struct {
	store    *store
	id       outputID
	manifest manifest
	removes  []table.Name // with their schema

	transient bool // it is never committed

	mu    sync.Mutex
	owner *pgxpool.Conn // nil when the output has ended
	state string        // how it ended
}

// Create makes the staging tables of an output, or a spooled one where all parts are written by this process, after the staging tables that
// dead processes left behind have been dropped.
func (s *store) Create(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	if err := checkSpecs(opt.Tables, false); err != nil {
		return nil, err
	}
	if err := s.sweep(ctx); err != nil {
		return nil, err
	}
	if opt.Scratch != "" {
		return spooler{transact: s.transact, freeze: true, outputs: &s.spooled, open: &s.open}.create(ctx, opt)
	}
	owner, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	o := &output{store: s, owner: owner, transient: opt.Transient}
	if err := o.begin(ctx, opt); err != nil {
		o.release()
		return nil, err
	}
	if err := s.open.hold(o); err != nil {
		return nil, errors.Join(err, o.Abort(ctx))
	}
	return o, nil
}

// checkSpecs reports tables that cannot be made anywhere.
func checkSpecs(specs []table.TableSpec, lent bool) error {
	if len(specs) == 0 {
		return errors.New("an output needs at least one table")
	}
	for _, spec := range specs {
		if err := checkNew(spec.Name, spec.Schema, lent); err != nil {
			return &table.TableError{Table: spec.Name, Err: err}
		}
	}
	return nil
}

func checkNew(name table.Name, s table.Schema, lent bool) error {
	if err := name.Check(); err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return err
	}
	for _, ident := range append(s.Names(), name.Table) {
		if len(ident) > maxIdent {
			return fmt.Errorf("the name %q is longer than %d bytes", ident, maxIdent)
		}
	}
	if isTemporary(name.Schema) && !lent {
		return errTemporary
	}
	if isStaging(name.Table) {
		return fmt.Errorf("names that begin with %s are reserved", stagingPrefix)
	}
	if isRunsTable(name.Table) {
		return fmt.Errorf("the name %s is reserved for the table of runs", name.Table)
	}
	return nil
}

// begin resolves the targets, takes the lock and makes the staging tables in one transaction.
func (o *output) begin(ctx context.Context, opt table.CreateOptions) (err error) {
	conn := o.owner.Conn()
	if o.manifest.Tables, o.removes, err = resolveAll(ctx, conn, opt); err != nil {
		return err
	}
	o.id = newOutputID(o.manifest.Tables[0].Name.Schema)
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", o.id.lock()); err != nil {
		return explain(ctx, err)
	}
	if err := exec(ctx, conn, beginWrite); err != nil {
		return explain(ctx, err)
	}
	for i, spec := range o.manifest.Tables {
		staging := o.id.rows(i, spec.Name)
		if err := createStaging(ctx, conn, staging, spec); err != nil {
			return tableError(ctx, spec.Name, err)
		}
		if err := checkKept(ctx, conn, staging, spec); err != nil {
			return tableError(ctx, spec.Name, err)
		}
	}
	parts := quoteName(o.id.parts())
	err = exec(ctx, conn,
		"CREATE TABLE "+parts+" (tab integer, key text, PRIMARY KEY (tab, key))",
		"COMMENT ON TABLE "+parts+" IS "+literal(o.manifest.encode()),
		"COMMIT")
	return explain(ctx, err)
}

// resolveAll gives the tables of an output their schemas, and those that it removes.
func resolveAll(ctx context.Context, conn *pgx.Conn, opt table.CreateOptions) (specs []table.TableSpec, removes []table.Name, err error) {
	seen := map[table.Name]bool{}
	target := func(spec table.TableSpec) (table.Name, error) {
		is, err := resolveTarget(ctx, conn, spec)
		if err != nil {
			return is, tableError(ctx, spec.Name, err)
		}
		if seen[is] {
			return is, &table.TableError{Table: spec.Name, Err: errors.New("is named twice in one output")}
		}
		seen[is] = true
		return is, nil
	}
	for _, spec := range opt.Tables {
		if spec.Name, err = target(spec); err != nil {
			return nil, nil, err
		}
		specs = append(specs, spec)
	}
	for _, spec := range removed(opt.Removes) {
		if spec.Name, err = target(spec); err != nil {
			return nil, nil, err
		}
		removes = append(removes, spec.Name)
	}
	return specs, removes, nil
}

// removed are tables to remove, as specs: what may be replaced may be removed.
func removed(names []table.Name) (specs []table.TableSpec) {
	for _, n := range names {
		specs = append(specs, table.TableSpec{Name: n, Replace: true})
	}
	return specs
}

// resolveTarget gives the table its schema and checks that it can be made: an existing table needs Replace.
func resolveTarget(ctx context.Context, conn *pgx.Conn, spec table.TableSpec) (table.Name, error) {
	target, err := newTableName(ctx, conn, spec.Name, spec.Replace)
	if err != nil {
		return target, err
	}
	rel, err := find(ctx, conn, target)
	if errors.Is(err, table.ErrNotExist) {
		return target, nil
	}
	if err != nil {
		return target, err
	}
	return target, checkReplace(rel, spec.Replace)
}

// newTableName is the name with its schema: where no schema is given, that of the table in sight if it is to be used, else
// the first of the search path.
func newTableName(ctx context.Context, conn *pgx.Conn, name table.Name, useVisible bool) (table.Name, error) {
	if name.Schema != "" {
		return name, nil
	}
	if useVisible {
		rel, err := find(ctx, conn, name)
		if err == nil || !errors.Is(err, table.ErrNotExist) {
			return rel.name, err
		}
	}
	schema, err := firstSchema(ctx, conn)
	if err != nil {
		return name, err
	}
	if schema == "" {
		return name, fmt.Errorf("no schema of the search path: %w", table.ErrNotExist)
	}
	return table.Name{Schema: schema, Table: name.Table}, nil
}

// checkReplace says whether an existing relation may give way.
func checkReplace(rel relation, replace bool) error {
	switch {
	case !replace:
		return table.ErrExist
	case rel.kind != "r" && rel.kind != "p":
		return fmt.Errorf("%w as %s, which is not replaced", table.ErrExist, article(relkinds[rel.kind]))
	case !rel.owned:
		return fmt.Errorf("%w: only its owner can replace it", table.ErrPermission)
	}
	return nil
}

// checkKept reports what Commit could not keep of a table that is to be replaced, before any work starts.
func checkKept(ctx context.Context, conn *pgx.Conn, staging table.Name, spec table.TableSpec) error {
	old, err := find(ctx, conn, spec.Name)
	if errors.Is(err, table.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = keepsTable(ctx, conn, old, staging, spec)
	}
	return err
}

func createStaging(ctx context.Context, conn *pgx.Conn, staging table.Name, spec table.TableSpec) error {
	list, err := columnDefinitions(ctx, conn, spec.Schema)
	if err != nil {
		return err
	}
	if spec.Ordered {
		key, row := orderColumns(spec.Schema)
		list += ", " + quote(key) + ` text COLLATE "C", ` + quote(row) + " bigint"
	}
	if err := exec(ctx, conn, "CREATE TABLE "+quoteName(staging)+" ("+list+")"); err != nil {
		return err
	}
	// What the names of the types meant to the server must be what the vectors will hold.
	cols, err := stagingColumns(ctx, conn, staging)
	if err != nil {
		return err
	}
	for i, c := range spec.Schema {
		if got := cols[i].Type; got.Kind != c.Type.Kind || got.Array != c.Type.Array {
			return fmt.Errorf("column %q: type %s is %s to the server, which is not the kind of values it is declared with", c.Name, c.Type, got)
		}
	}
	_, err = newEncoder(cols[:len(spec.Schema)], "")
	return err
}

func columnDefinitions(ctx context.Context, conn *pgx.Conn, s table.Schema) (string, error) {
	types, err := typeNames(ctx, conn, s)
	if err != nil {
		return "", err
	}
	list := ""
	for i, c := range s {
		if i > 0 {
			list += ", "
		}
		list += quote(c.Name) + " " + types[i]
	}
	return list, nil
}

// ID addresses the output.
func (o *output) ID() string { return o.id.String() }

// Abort drops the staging tables, also when its context has ended already. Tables that it cannot drop, because a worker
// still writes to them, are dropped by a later sweep.
func (o *output) Abort(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.owner == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	o.state = "aborted"
	if owner := o.owner.Conn(); owner.IsClosed() { // its lock goes with its session
		o.release()
		o.store.awaitEnd(ctx, owner.PgConn().PID())
		return o.store.sweep(ctx)
	}
	err := exec(ctx, o.owner.Conn(), append(append([]string{"ROLLBACK", beginWrite}, o.dropStatements()...), "COMMIT")...)
	o.release()
	if err != nil {
		return fmt.Errorf("output %s: its staging tables could not be dropped now and stay until the next output: %w", o.id, explain(ctx, err))
	}
	return nil
}

// dropStatements drop what an output staged; the table of parts comes first, for it is what writers lock first.
func (o *output) dropStatements() []string {
	out := []string{"DROP TABLE IF EXISTS " + quoteName(o.id.parts())}
	for i, spec := range o.manifest.Tables {
		out = append(out, "DROP TABLE IF EXISTS "+quoteName(o.id.rows(i, spec.Name)))
	}
	return out
}

// release ends the owner's session: its lock ends with it, so that a sweep can drop what is left.
func (o *output) release() {
	if o.owner == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelDeadline)
	defer cancel()
	raw := o.owner.Conn()
	if !raw.IsClosed() && exec(ctx, raw, "ROLLBACK", "SELECT pg_advisory_unlock_all()") != nil {
		_ = raw.Close(ctx)
	}
	o.owner.Release()
	o.owner = nil
	o.store.open.forget(o)
}

func (o *output) end(ctx context.Context) {
	_ = o.Abort(ctx) // what stays is swept by the next to open or create
}
