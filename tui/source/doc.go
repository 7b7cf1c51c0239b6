// Package source is what a screen draws from: the state of the daemon as one value, the acts that may be asked of it, and the ways to
// come by both. It knows no terminal, so that the daemon fills the same types that the screen draws.
//
// A state is sent as a whole once and as changes from then on; both are a Snapshot, of which what is nil has not changed. Everything
// that has an age carries its time, and what could not be had says why, so that one part that is old or missing never takes the rest
// with it. Of a statement there is its name, never a value; of a person there is nothing.
package source
