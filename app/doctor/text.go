package doctor

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
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

// userName is a user's name, their number when they have none.
func userName(uid int) string {
	number := strconv.Itoa(uid)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}
