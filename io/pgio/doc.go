// Package pgio is the PostgreSQL store: it implements table.Store on pgx.
//
// # Addresses
//
// Importing the package makes the URL schemes postgres and postgresql known to table.Open. What the URL leaves out comes
// from libpq's environment variables, service files and .pgpass. Ref is the URL without passwords. The server must be
// reached directly or through a pooler in session mode: snapshots and output locks live as long as their session. What beamfit wants of a
// session it asks for after connecting, for poolers let only some parameters through at the start. Connections are
// made by package netns, so a process with a network namespace of its own reaches the server too.
//
// # Types
//
// Columns keep the type that pg_typeof prints; a domain counts as its base type. Booleans, integers, floats, text and
// bytea travel in binary form; numeric and all other types as the text that the server prints (ISO dates), character(n)
// without its trailing blanks. Arrays lose lower bounds other than 1.
//
// # Reading
//
// A Snapshot is a REPEATABLE READ transaction that exports its snapshot and is held open until Close, on a connection of
// its own; the table can be read and changed meanwhile, but to drop or replace it waits. Heap tables are cut into ranges
// of ctid, so FirstRow counts rows in physical order; views, foreign tables and tables with children are one partition.
// Readers import the snapshot and stream COPY ... TO STDOUT BINARY, decoded from the wire into the vectors. Some rows of a heap are fetched by
// their ctids, of which those of all rows before them are collected first. Slices of a large table are counted on two connections, where the pool
// is less than half in use.
//
// # Names
//
// Along a search path others may have planted functions, operators, types and views that look like PostgreSQL's own and would run
// with the rights of whoever meets them. So every session has the search path pg_catalog, pg_temp, under which nothing can be
// planted, and the rule is: a statement is either internal, and runs under it; or it touches users' rows or asks what a name
// means to the user, and runs through inUsersPath, with every function, operator, type and relation qualified. What users
// themselves have made, such as triggers, views, policies and domains, runs as in any session of theirs; event triggers run under
// the safe path. TestPlantedTwins holds all statements to the rule.
//
// # Writing
//
// An Output is a set of staging tables, beamfit_staging_<id>_<n> for table n and beamfit_staging_<id>_parts for the keys
// of the parts that are complete, each in the schema of its target. A part is one transaction: COPY into the staging table,
// then its key. Commit is one transaction that renames the staging tables (or, for an ordered table, copies the rows in
// the order of their keys). While an Output is open its session holds an advisory lock made from its id. When the process dies
// the lock goes with the session, as soon as the server notices (after 90 s where the machine is gone), and from then on the next Open or Create of any beamfit that may drop
// the tables does so; until then the output counts as living. Large values are compressed with LZ4 where the server has it and its
// settings name no other method.
//
// An Output with a scratch folder has nothing in the database before Commit, as one in a session: the rows of its parts wait, encoded, in
// memory and in a file without a name, and go into one COPY per table in the order of their keys. So the server writes every row once. The rows are
// frozen: whoever reads the table first does not have to mark them as committed.
//
// A table that is replaced and has nothing but rows, an owner and grants is dropped, and the new one gets the owner and the grants.
// One that has more (indexes, constraints, policies, triggers, comments, views on it, whatever else) stays as it is and only its
// rows are replaced, as TRUNCATE and INSERT would; where its columns differ from the new ones, or a foreign key of another
// table, a rule, a child table or a generated column stands against it, Create refuses and names what would be lost.
//
// # Runs
//
// The runs of a role are rows of beamfit_runs in the first schema of its search path, made by the first run; where that name is another
// role's, of beamfit_runs_2 and so on. Only a table that the role itself owns is read or written: on one that somebody has planted, triggers
// and policies would run with the rights of whoever uses it. A run at work holds an advisory lock made from its ID. It has died when the lock
// is free and its heartbeat two seconds old, or its heartbeat is a minute old: a server notices later that a machine is gone. The connection for it is
// none of the pool's. Changes of these rows do not wait for the disk (synchronous_commit off).
//
// # Stalls
//
// When no byte has moved for the stall timeout while a call waits for the server, pg_stat_activity is asked on a second connection.
// A session that runs something and does not wait for its client is waited for, however long that takes, and so is one of which
// the server does not tell. One that is gone, idle or waits for its client has lost what was sent, and a server that does not
// answer is gone: at the second such finding the connection is cut, and the call ends with table.ErrUnavailable. A machine that acknowledges
// nothing the kernel finds, on connections for which no call waits, too: its user timeout is the stall timeout (Linux), and none while the
// server acknowledges but reads nothing.
//
// A Claim is an advisory lock made from the name of each table, held by one session whose application_name is the note: all roles may read
// that in pg_stat_activity. The lock goes with the session: at once when the process dies, and when the machine is gone after the 90 s
// of TCP keep-alive that every session asks the server for. Behind a pooler it is the pooler that has to notice.
//
// # Sessions
//
// OpenSession makes a store of one session that belongs to somebody else, such as a client's behind a proxy. It sees what the session
// sees and writes in the session's transaction, or begins transactions of its own, which last for one call or as long as a snapshot is open.
// Every call is one step in a savepoint, so an error leaves the transaction usable. Rows are read with cursors; the parts of an output
// are kept in this process (a few MB of memory, then a temporary file) and copied at Commit, so nothing is staged, swept or leased. The
// session's settings are as before when the store is closed, and the search path is the safe one meanwhile.
//
// # Errors
//
// Errors of the server keep their message and SQLSTATE and wrap table's sentinels where these apply. A call whose context
// ends returns the context's error after the server has been told to stop, within a second.
package pgio
