// Package early hides the terminal from libraries while the program's packages are initialised. Bubble Tea asks the terminal for its
// background in an init of its own, in every verb, and a terminal that does not answer holds the program up for five seconds.
//
// It works because it imports nothing but os: Go initialises packages that are ready in the order of their paths, and whatever asks the
// terminal needs more than os first.
package early

import "os"

// name is the variable that says what the terminal can do.
const name = "TERM"

// said is what it was. Written in init and never again.
var said, was = os.LookupEnv(name)

func init() {
	// a terminal that can do nothing is asked nothing
	_ = os.Setenv(name, "dumb")
}

// Restore puts the environment back as it was. It is called first thing in main.
func Restore() {
	if was {
		_ = os.Setenv(name, said)
		return
	}
	_ = os.Unsetenv(name)
}
