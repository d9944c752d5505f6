// Package wire has the two ends of a proxy for PostgreSQL's protocol: messages as frames that are passed on or looked at, how a client
// is accepted and a server is dialed, with TLS on either side, and how a client logs in through the proxy.
//
// # Words
//
//	frame    a message: a byte for its type, a length, a body
//	first    what a client sends before it logs in: requests for encryption, then a start-up or a request to cancel
//	relay    a login in which the server's questions go to the client and its answers back
//	ask      a login in which the proxy asks for the password in clear, inside TLS, and logs in itself
//
// # Guarantees
//
// Frames that need not be looked at are passed on without being held in memory, and a frame takes only as much memory as has arrived of
// it. In a relay the proxy learns no password but one that the server wants in clear; one that it has asked for is forgotten when the login
// ends. SCRAM with channel binding cannot be relayed and is not offered to clients. Bytes that come behind a request for TLS but
// before the handshake are an error. Errors never hold what a client has sent.
package wire
