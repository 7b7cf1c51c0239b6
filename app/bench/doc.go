// Package bench conducts the proof that migration 017 is worth its cost, and where it is not: it makes a database of its own, fills it,
// measures the product's statements without and with the migration, and puts all that was measured into one Result.
//
// Nothing in a Result is estimated. What could not be measured is absent, and a note says why.
package bench
