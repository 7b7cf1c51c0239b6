package doctor

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mostError is the error of the clock, in microseconds, up to which the kernel holds it for synchronised; it grows while nobody sets it.
const mostError = 16_000_000

// synchronised asks the kernel, as timedatectl does.
func synchronised() (bool, error) {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return false, fmt.Errorf("the kernel does not say: %w", err)
	}
	return t.Maxerror < mostError, nil
}
