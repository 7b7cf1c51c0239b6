package coach

import (
	"context"
	"strconv"
	"strings"

	"healthagent/store"
)

// answer ends the waiting sign of a button, perhaps with a note.
func answer(note string) []Out {
	return []Out{{Kind: Answer, Class: store.CallbackAnswer, Note: note}}
}

// outdated answers a button whose data means nothing now.
func outdated() []Out { return answer("That button is of an older version.") }

// change puts another text and other buttons in the place of the message whose button was pressed; when Telegram no longer tells
// which that was, it is a message of its own.
func (t *turn) change(html string, buttons ...[]Button) Out {
	if t.in.MessageID <= 0 {
		return Out{Kind: Say, HTML: html, Buttons: buttons}
	}
	return Out{Kind: Change, MessageID: t.in.MessageID, HTML: html, Buttons: buttons}
}

// tapped handles a button. Its data holds ids only; whose they are is who pressed it.
func tapped(ctx context.Context, t *turn) ([]Out, error) {
	verb, rest, _ := strings.Cut(t.in.Data, ":")
	if verb == "z" {
		return timezoneTapped(ctx, t, rest)
	}
	if verb == "f" {
		return forgetTapped(ctx, t, rest)
	}
	digits, code, _ := strings.Cut(rest, ":")
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return outdated(), nil
	}
	switch verb {
	case "u":
		return undoTapped(ctx, t, id)
	case "e":
		return askEdit(ctx, t, id)
	case "t":
		return askTime(ctx, t, id)
	case "m":
		return moveTapped(ctx, t, id, code)
	case "rk":
		return keepReminder(ctx, t, id)
	case "rc", "rx":
		return cancelReminder(ctx, t, verb, id)
	case "rp":
		return turnPage(ctx, t, id)
	case "rd":
		return cancelListed(ctx, t, id, code)
	case "od", "os", "oz":
		return occurrenceTapped(ctx, t, verb, id, code)
	}
	return outdated(), nil
}

func undoTapped(ctx context.Context, t *turn, message int64) ([]Out, error) {
	text, ok, err := undo(ctx, t, message)
	if err != nil {
		return nil, err
	}
	if !ok {
		return answer("That log is gone already."), nil
	}
	return append(answer("Taken back"), t.change(text)), nil
}
