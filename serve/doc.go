// Package serve is a proxy between PostgreSQL's clients and their server that runs MADlib's deep-learning functions itself. Everything else
// passes through unchanged. A function runs on the client's own session with the server: in its transaction, with its role, search path,
// settings and temporary tables, and the proxy has no rights, password or connection of its own.
//
// # Words
//
//	session   a client's connection and the server's connection that belongs to it
//	owed      what the server still owes for a message: an entry per message, in order
//	hidden    a message of the proxy's own; the client sees nothing of the answer
//	captured  an answer that the proxy keeps instead of passing it on
//	part      a statement of a query string of which something must be known, or what lies between two of them
//	call      a statement that calls MADlib's functions: all of its SELECT list
//	effect    what a statement leaves for later ones when it has worked, such as a prepared call
//	places    where a text of the client has come to lie in what the server gets
//	job       the work of a call, during which the session is lent to pipelines (package loan)
//	passing   what a session does while no call of its client's is at work and nothing large moves: a loop (package poll) has it then
//	resting   a session's goroutines end, for it only passes messages on again
//
// # A call
//
// The statement that the server gets is the call's arguments as a SELECT, so that the server itself evaluates them, complains of them and
// describes its parameters. Each row of its result is a job for each function of the list; the client gets a row for it, of type void. A single call outside of a
// transaction runs in transactions of its own, which are short: none is open while a model trains. Otherwise it runs in the client's
// transaction, or in one that the proxy begins around all that PostgreSQL would run as one; a savepoint takes a failed job back.
//
// The way of a statement is clientMessage, then query or parse, which look for calls in it (look, examine); queryCall or execute, which have the server evaluate
// the arguments; runJobs, runJob and lend, which give the session to a function (madlib.Function.Run); takeBack, and answer.
//
// # Guarantees
//
// A statement that is not certainly a call reaches the server byte for byte. What the server then says of a missing function or schema
// gets a hint. A call has run whole when its row arrives, and has done nothing when it fails, when it is cancelled, or when the client,
// the proxy or the server dies. A panic ends the job or the session that it is in, and no other. Logs and metrics hold no SQL, no argument
// and no secret. Shutdown ends idle sessions at once and lets the others finish for a while.
package serve
