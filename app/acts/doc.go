// Package acts does what an operator may do to the system: take a migration back or apply it, drop, build or rebuild an index, cancel a
// statement or end a session. Each is previewed first, and done only while it still is as it was previewed; it runs in the daemon,
// whoever asked for it may go; it is written into the audit log, watched for ten minutes and reported.
//
// One act runs at a time. What acts on sessions is over at once and may be done meanwhile, since a session may be what the act waits for.
package acts
