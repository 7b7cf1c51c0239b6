package coach

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// forgetTime is how long the second step may be taken after the first.
const forgetTime = 15 * time.Minute

func forgetAsk(_ context.Context, t *turn) ([]Out, error) {
	return []Out{{
		Kind: Say,
		HTML: "Delete <b>everything</b> that is stored about you: messages, food, reminders, points, settings? It cannot be undone.",
		Buttons: [][]Button{{
			{"Yes, delete everything", fmt.Sprintf("f:yes:%d", t.now.Unix())},
			{"No, keep it", "f:no"},
		}},
	}}, nil
}

func forgetTapped(_ context.Context, t *turn, code string) ([]Out, error) {
	if code == "no" {
		return append(answer("Kept"), t.change("Nothing was deleted.")), nil
	}
	digits, yes := strings.CutPrefix(code, "yes:")
	asked, err := strconv.ParseInt(digits, 10, 64)
	if !yes || err != nil {
		return outdated(), nil
	}
	if age := t.now.Sub(time.Unix(asked, 0)); age > forgetTime || age < -forgetTime {
		return append(answer(""), t.change("That was asked too long ago, and nothing was deleted. Send /forget again.")), nil
	}
	t.tx.Forget(t.user.ID)
	t.gone = true
	outs := append(answer("Deleted"), t.change("Everything about you is deleted. What stands in this chat is on your side: delete the chat "+
		"to remove it too. Goodbye, and all the best!"))
	for i := range outs {
		outs[i].Erase = true
	}
	return outs, nil
}
