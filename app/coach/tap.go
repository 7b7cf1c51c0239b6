package coach

import (
	"context"
	"strconv"
	"strings"
	"time"

	"healthagent/store"
)

// answer ends the waiting sign of a button, perhaps with a note.
func answer(note string) []Out {
	return []Out{{Kind: Answer, Class: store.CallbackAnswer, Note: note}}
}

// A tap that waited longer is answered without a word: the person has seen that it did nothing and went on.
const staleTap = 10 * time.Minute

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
		return answer("That button is of an older version."), nil
	}
	switch verb {
	case "u":
		return undoTapped(ctx, t, id)
	case "e":
		return askEdit(ctx, t, id)
	case "t":
		return askTime(ctx, t, id)
	case "m":
		return moveByCode(ctx, t, id, code)
	case "rk", "rc", "rx":
		return reminderTapped(ctx, t, verb, id)
	case "od", "os", "oz":
		return occurrenceTapped(ctx, t, verb, id, code)
	}
	return answer("That button is of an older version."), nil
}

func undoTapped(ctx context.Context, t *turn, message int64) ([]Out, error) {
	text, ok, err := undo(ctx, t, message)
	if err != nil {
		return nil, err
	}
	if !ok {
		return answer("That log is gone already."), nil
	}
	return append(answer("Taken back"), Out{Kind: Change, MessageID: t.in.MessageID, HTML: text}), nil
}
