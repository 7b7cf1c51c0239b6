package doctor

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"time"
)

// errUnasked means that something has not been tried yet.
var errUnasked = errors.New("not asked yet")

// plural is the text for one, or the format for another number.
func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(more, n)
}

// because is the end of a sentence that an error is the reason of.
func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// userName is a user's name, their number when they have none.
func userName(uid int) string {
	number := strconv.Itoa(uid)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}

// identifier is a name as SQL takes it.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// size is a number of bytes for people.
func size(n int64) string {
	const step = 1024
	f, unit := float64(n), "bytes"
	for _, unit = range []string{"bytes", "KB", "MB", "GB", "TB"} {
		if f < step || unit == "TB" {
			break
		}
		f /= step
	}
	if f < 10 && unit != "bytes" {
		return fmt.Sprintf("%.1f %s", f, unit)
	}
	return fmt.Sprintf("%.0f %s", f, unit)
}

// age is a duration as one says it: 40 s, 12 min, 5 h, 3 days.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 2*day:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d/day))
	}
}
