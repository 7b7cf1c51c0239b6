// Package progress holds the rules of experience points, levels and streaks.
//
// It is pure: it reads no clock and touches no database. The caller passes in the
// person's state and local date and stores what comes back. Nothing is ever taken
// away for a day off; Rules says in plain words what this package does, from the
// same numbers.
package progress
