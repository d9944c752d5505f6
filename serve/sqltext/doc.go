// Package sqltext reads the text of SQL statements as far as a proxy has to: where tokens and statements begin and end, and which
// statements call one of MADlib's functions. It is no parser: whatever an argument means is for the server to say, to which the text
// goes back as it is.
//
// # Words
//
//	Token      a word, quoted name, constant, parameter or operator; white space and comments lie between tokens
//	Statement  what stands between two semicolons of a query string
//	Call       a statement that does nothing but call a function: SELECT f(...) [FROM ...] or SELECT * FROM f(...)
//	Rewrite    the statement that evaluates the arguments of a call, and where its characters come from
//
// # Guarantees
//
// Statements are cut where PostgreSQL cuts them: not in quotes of any kind, comments, parentheses or the body of a routine (BEGIN ATOMIC).
// Text that ends inside a quote is one last statement, about which the server complains. Nothing that is not certainly a call is
// taken for one; no input makes the package panic or loop.
package sqltext
