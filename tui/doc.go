// Package tui is the operations screen: it draws the states that a source.Source hands it and asks that source for acts. It holds no
// connection of its own and no password.
//
// One Model is all there is. Its Update does no input or output, takes no lock and never sleeps: what takes time is a command with a
// deadline, and an answer that is no longer wanted is dropped. Every command and every goroutine is guarded, so that a fault in one leaves
// the terminal as it was found and its trace in a file.
package tui
