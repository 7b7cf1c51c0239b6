// Package terminal tests the built program on a pseudo terminal, as an operator has it over SSH: what it writes, what it does with keys
// and signals, and how it leaves the terminal behind.
package terminal
