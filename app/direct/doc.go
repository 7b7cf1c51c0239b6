// Package direct is what a screen can do without the daemon: it asks the database itself, runs an act in the screen's own process under
// the same lock, and asks the service manager why the daemon is down.
package direct
