// Package inspect reads the health of the PostgreSQL server for the operator: indexes, tables, statements, sessions, progress,
// and the plans of our own statements. It decides nothing for the caller and changes nothing.
//
// All collectors share one connection outside the application's pool, so that the gauges still work when the pool is exhausted.
// Each has a budget: 500 ms for what is asked every few seconds, 2 s for the rest, 30 s for what is asked by hand, and the last
// takes a connection of its own for that long. A right or an extension that is missing makes one result partial or one collector
// fail with a sentence that says what to do; it never fails the others.
//
// No text that a person may have written is handed out: of a statement its name is shown, the text only when PostgreSQL itself
// took the values out of it.
package inspect
