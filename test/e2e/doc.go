// Package e2e tests the whole product from outside: the daemon runs as a process of its own with real PostgreSQL and Redis and a
// simulated Telegram, is killed, starved and fed nonsense, and is judged by what people receive and by what the database holds.
//
// The program under test is the test binary itself, so it is built once and with the race detector: called with a verb as its
// first argument it is healthagent.
package e2e
